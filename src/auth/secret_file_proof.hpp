#pragma once

/// An application proves itself by the secret in a file, where the next one may take its place.

#include <memory>
#include <string>
#include <utility>

#include "auth/client_proof.hpp"
#include "auth/secret_file.hpp"

namespace blobmount {

class SecretFileProof final : public ClientProof {
 public:
  explicit SecretFileProof(std::unique_ptr<WatchedSecretFile> file) : file_(std::move(file)) {}

  /// Never fails: a file that cannot be read any more is logged, and what it held is used on.
  Result<Proof> prove(const std::string& /*token_url*/) override {
    return Proof{Proof::Kind::secret, file_->current()};
  }
  [[nodiscard]] std::string description() const override { return "client secret"; }

 private:
  const std::unique_ptr<WatchedSecretFile> file_;
};

}  // namespace blobmount
