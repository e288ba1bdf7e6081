#pragma once

/// Whether a mount would work: asked of the identity endpoint and the service before mounting, with little
/// patience.

#include "blobmount/config.hpp"

#include "app/signer.hpp"
#include "app/tower.hpp"
#include "base/log.hpp"

namespace blobmount {

/// Asks for nothing but what lies in the place to be mounted, since a role may reach no further. Blocks 16 s
/// at most, or 83 s where the identity endpoint is being updated; where the service took too long, the
/// network is stopped. An Error has a sentence that names the cause and what to do.
Status check_access(const Config& config, Network& network, Signer& signer, Log& log);

}  // namespace blobmount
