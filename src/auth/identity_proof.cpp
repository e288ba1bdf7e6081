#include "auth/identity_proof.hpp"

#include <utility>

namespace blobmount {

Result<Proof> IdentityProof::prove(const std::string& /*token_url*/) {
  BM_ASSIGN(token, identity_->request_token());
  return Proof{Proof::Kind::assertion, std::move(token.value)};
}

}  // namespace blobmount
