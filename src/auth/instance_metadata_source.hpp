#pragma once

/// Tokens of a virtual machine's managed identity, from the instance metadata service (IMDS).

#include <string>

#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/http.hpp"

namespace blobmount {

/// Where IMDS is on every Azure VM: http://169.254.169.254. AZURE_POD_IDENTITY_AUTHORITY_HOST names another.
Url instance_metadata_authority();

class InstanceMetadataSource final : public TokenSource {
 public:
  /// `transport` carries the requests as they are: it must neither repeat nor redirect them. `resource` is
  /// sent as it is.
  InstanceMetadataSource(HttpTransport& transport, Clock& clock, ManagedIdentity identity, Url authority,
                         std::string resource = "https://storage.azure.com/");

  /// One GET, never through a proxy; no longer than it takes to be sure that nobody answers. `unreachable`
  /// where no connection came about: this machine has no such endpoint. `unauthenticated` where the identity
  /// was refused.
  Result<AccessToken> request_token() override;
  [[nodiscard]] std::string description() const override;

 private:
  [[nodiscard]] HttpRequest token_request() const;

  HttpTransport& transport_;
  Clock& clock_;
  const ManagedIdentity identity_;
  const Url authority_;
  const std::string resource_;
};

}  // namespace blobmount
