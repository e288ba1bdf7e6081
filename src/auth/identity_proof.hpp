#pragma once

/// An application, maybe of another tenant, proves itself by the token of a managed identity.
/// https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity

#include <memory>
#include <string>

#include "auth/client_proof.hpp"

namespace blobmount {

class IdentityProof final : public ClientProof {
 public:
  /// `identity` gives tokens for the audience of exchanges: Cloud::exchange_audience.
  explicit IdentityProof(std::unique_ptr<TokenSource> identity) : identity_(std::move(identity)) {}

  /// Errors as of `identity`.
  Result<Proof> prove(const std::string& token_url) override;
  [[nodiscard]] std::string description() const override { return identity_->description(); }

 private:
  const std::unique_ptr<TokenSource> identity_;
};

}  // namespace blobmount
