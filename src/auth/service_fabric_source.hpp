#pragma once

/// Tokens of the managed identity of a Service Fabric application.
/// https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code

#include <string>

#include "auth/managed_identity_source.hpp"

namespace blobmount {

class ServiceFabricSource final : public ManagedIdentitySource {
 public:
  static constexpr IdentitySelectors selectors{};

  /// IDENTITY_ENDPOINT, which is https; IDENTITY_HEADER; and IDENTITY_SERVER_THUMBPRINT, of the only
  /// certificate that the endpoint may show.
  ServiceFabricSource(HttpTransport& transport, Clock& clock, std::string resource, Url url, Secret header,
                      std::string thumbprint);

  [[nodiscard]] std::string description() const override;

 private:
  [[nodiscard]] HttpRequest token_request() const override;
  [[nodiscard]] TokenEndpoint endpoint() const override;

  const Url url_;
  const Secret header_;
  const std::string thumbprint_;
};

}  // namespace blobmount
