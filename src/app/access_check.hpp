#pragma once

/// Whether a mount would work: asked of the identity endpoint and the service before mounting, with little
/// patience.

#include "blobmount/config.hpp"

#include "app/signer.hpp"
#include "app/tower.hpp"
#include "auth/token_keeper.hpp"
#include "base/log.hpp"

namespace blobmount {

/// Asks for nothing but what lies in the place to be mounted, since a role may reach no further. Blocks 16 s
/// at most, or 87 s where the identity endpoint fails in a way that passes; where the service took too long,
/// the network is stopped. An Error has a sentence that names the cause and what to do.
Status check_access(const Config& config, Network& network, Signer& signer, Log& log);

/// The first half of it: until there is a first token. Blocks 11 s at most where nothing is heard, 84 s while
/// what `keeper` asks says that it will pass; and as long where nobody is there, though `credential` names a
/// managed identity.
Status wait_for_token(TokenKeeper& keeper, const Credential& credential);

}  // namespace blobmount
