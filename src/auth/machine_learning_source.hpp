#pragma once

/// Tokens of a managed identity on the compute of Azure Machine Learning: the endpoint that App Service had
/// in 2017. https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication

#include <string>

#include "auth/managed_identity_source.hpp"

namespace blobmount {

class MachineLearningSource final : public ManagedIdentitySource {
 public:
  static constexpr IdentitySelectors selectors{.client_id = "clientid"};

  /// `url` and `secret` are MSI_ENDPOINT and MSI_SECRET.
  MachineLearningSource(HttpTransport& transport, Clock& clock, ManagedIdentity identity,
                        std::string resource, Url url, Secret secret);

 private:
  [[nodiscard]] HttpRequest token_request() const override;
  [[nodiscard]] TokenEndpoint endpoint() const override;

  const Url url_;
  const Secret secret_;
};

}  // namespace blobmount
