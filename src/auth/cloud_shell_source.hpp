#pragma once

/// Tokens of whoever is logged in to Cloud Shell.
/// https://learn.microsoft.com/azure/cloud-shell/msi-authorization

#include <string>

#include "auth/managed_identity_source.hpp"

namespace blobmount {

class CloudShellSource final : public ManagedIdentitySource {
 public:
  static constexpr IdentitySelectors selectors{};

  /// `url` is MSI_ENDPOINT.
  CloudShellSource(HttpTransport& transport, Clock& clock, std::string resource, Url url);

  [[nodiscard]] std::string description() const override { return "managed identity (of Cloud Shell)"; }

 private:
  [[nodiscard]] HttpRequest token_request() const override;
  [[nodiscard]] TokenEndpoint endpoint() const override;

  const Url url_;
};

}  // namespace blobmount
