#pragma once

/// What kind of host this is, as far as managed identities go: it decides whom to ask, and how.

#include <cstdint>
#include <string>

#include "blobmount/config.hpp"
#include "blobmount/http.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

enum class IdentityHost : std::uint8_t {
  service_fabric,
  app_service,
  machine_learning,
  cloud_shell,
  arc,
  virtual_machine,  ///< what is left: a virtual machine, or no host at all
};

/// In that order, as Microsoft's libraries do it.
/// https://github.com/AzureAD/microsoft-authentication-library-for-go/blob/main/apps/managedidentity/managedidentity.go
IdentityHost identity_host(const IdentityEnvironment& environment);

/// Its endpoint. `invalid_argument`, with a sentence that names the variable, where that holds no URL, or one
/// to which neither a secret may go nor a token come from: plain http goes to the loopback, to link-local and
/// to private addresses, which is what App Service has been seen to use; all else is https.
/// https://github.com/Azure/azure-sdk-for-js/issues/11595
Result<Url> identity_endpoint(IdentityHost host, const IdentityEnvironment& environment);

/// For people: where the endpoint is, and how that is known. "http://127.0.0.1:41299 (App Service:
/// IDENTITY_ENDPOINT and IDENTITY_HEADER are set)"
std::string describe_identity_endpoint(const IdentityEnvironment& environment);

}  // namespace blobmount
