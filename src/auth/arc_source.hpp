#pragma once

/// Tokens of the managed identity of a server that Azure Arc manages, from its agent: it names a file that
/// only root and the group himds may read, and gives a token to who knows what is in it.
/// https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication

#include <string>

#include "auth/arc_key_file.hpp"
#include "auth/managed_identity_source.hpp"

namespace blobmount {

/// Where the agent is if IDENTITY_ENDPOINT does not say:
/// http://127.0.0.1:40342/metadata/identity/oauth2/token
Url arc_agent_url();

class ArcSource final : public ManagedIdentitySource {
 public:
  /// The agent knows `msi_res_id` and passes over `mi_res_id`.
  /// https://github.com/AzureAD/microsoft-authentication-library-for-js/pull/8761
  static constexpr IdentitySelectors selectors{
      .client_id = "client_id", .object_id = "object_id", .resource_id = "msi_res_id"};

  ArcSource(HttpTransport& transport, Clock& clock, ManagedIdentity identity, std::string resource, Url url,
            std::string token_directory = arc_token_directory);

 private:
  /// Two requests: the first learns which file. `corrupt` where that is no key file of the agent's: it is not
  /// read. `unauthenticated` where the token is not confirmed to be that of the identity that was asked for.
  Result<AccessToken> ask() override;
  [[nodiscard]] HttpRequest token_request() const override;
  [[nodiscard]] TokenEndpoint endpoint() const override;
  [[nodiscard]] Status confirm_identity(const HttpResponse& answer) const;

  const Url url_;
  const std::string token_directory_;
};

}  // namespace blobmount
