#pragma once

/// An application proves itself by a secret that it shares with Microsoft Entra.

#include <string>
#include <utility>

#include "auth/client_proof.hpp"

namespace blobmount {

class SecretProof final : public ClientProof {
 public:
  explicit SecretProof(Secret secret) : secret_(std::move(secret)) {}

  Result<Proof> prove(const std::string& /*token_url*/) override {
    return Proof{Proof::Kind::secret, secret_};
  }
  [[nodiscard]] std::string description() const override { return "client secret"; }

 private:
  const Secret secret_;
};

}  // namespace blobmount
