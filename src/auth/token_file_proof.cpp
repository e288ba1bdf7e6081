#include "auth/token_file_proof.hpp"

#include <utility>

#include "auth/secret_file.hpp"

namespace blobmount {

Result<std::unique_ptr<TokenFileProof>> TokenFileProof::create(std::string file) {
  BM_TRY(read_secret_file(file));
  return std::unique_ptr<TokenFileProof>(new TokenFileProof(std::move(file)));
}

Result<Proof> TokenFileProof::prove(const std::string& /*token_url*/) {
  auto token = read_secret_file(file_);
  if (!token) return Error{ErrorCode::unavailable, std::move(token).error().message};
  return Proof{Proof::Kind::assertion, *std::move(token)};
}

std::string TokenFileProof::description() const { return "federated token in '" + file_ + "'"; }

}  // namespace blobmount
