#pragma once

/// Tokens of a virtual machine's managed identity, from the instance metadata service (IMDS).
/// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token

#include <string>

#include "auth/managed_identity_source.hpp"

namespace blobmount {

/// Where IMDS is on every Azure VM: http://169.254.169.254. AZURE_POD_IDENTITY_AUTHORITY_HOST names another.
Url instance_metadata_authority();

class InstanceMetadataSource final : public ManagedIdentitySource {
 public:
  static constexpr IdentitySelectors selectors{
      .client_id = "client_id", .object_id = "object_id", .resource_id = "msi_res_id"};

  InstanceMetadataSource(HttpTransport& transport, Clock& clock, ManagedIdentity identity,
                         std::string resource, Url authority);

 private:
  [[nodiscard]] HttpRequest token_request() const override;
  [[nodiscard]] TokenEndpoint endpoint() const override;

  const Url authority_;
};

}  // namespace blobmount
