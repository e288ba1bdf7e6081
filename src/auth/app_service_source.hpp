#pragma once

/// Tokens of a managed identity in App Service, Functions and Container Apps.
/// https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference

#include <string>

#include "auth/managed_identity_source.hpp"

namespace blobmount {

class AppServiceSource final : public ManagedIdentitySource {
 public:
  static constexpr IdentitySelectors selectors{
      .client_id = "client_id", .object_id = "principal_id", .resource_id = "mi_res_id"};

  /// `url` and `header` are IDENTITY_ENDPOINT and IDENTITY_HEADER.
  AppServiceSource(HttpTransport& transport, Clock& clock, ManagedIdentity identity, std::string resource,
                   Url url, Secret header);

 private:
  [[nodiscard]] HttpRequest token_request() const override;
  [[nodiscard]] TokenEndpoint endpoint() const override;

  const Url url_;
  const Secret header_;  ///< proves that the request comes from the app, and not through it
};

}  // namespace blobmount
