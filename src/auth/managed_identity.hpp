#pragma once

/// The one place that knows which source a managed identity's tokens come from on which host.

#include <memory>
#include <string>

#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/http.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// Tokens of `identity` for `resource` ("https://storage.azure.com/"). `transport` and `clock` outlive the
/// source. `invalid_argument` with a sentence for the user where this host cannot be asked for that identity,
/// or where a variable of its endpoint cannot be used.
Result<std::unique_ptr<TokenSource>> make_managed_identity_source(const ManagedIdentity& identity,
                                                                  std::string resource,
                                                                  const IdentityEnvironment& environment,
                                                                  HttpTransport& transport, Clock& clock);

}  // namespace blobmount
