#pragma once

/// An application proves itself by a token that another authority, such as Kubernetes, keeps fresh in a file.
/// https://learn.microsoft.com/entra/workload-id/workload-identity-federation

#include <memory>
#include <string>

#include "auth/client_proof.hpp"

namespace blobmount {

class TokenFileProof final : public ClientProof {
 public:
  /// `invalid_argument` where the file cannot be read even now.
  static Result<std::unique_ptr<TokenFileProof>> create(std::string file);

  /// The file is read for each: the token in it lives for an hour or so, and is replaced before it dies.
  Result<Proof> prove(const std::string& token_url) override;
  [[nodiscard]] std::string description() const override;

 private:
  explicit TokenFileProof(std::string file) : file_(std::move(file)) {}

  const std::string file_;
};

}  // namespace blobmount
