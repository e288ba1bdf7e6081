#include "auth/certificate_proof.hpp"

#include <utility>

#include "auth/client_assertion.hpp"
#include "auth/secret_file.hpp"
#include "auth/signing_certificate.hpp"

namespace blobmount {
namespace {

Result<SigningCertificate> load(const ClientCertificate& credential, WallTime now) {
  BM_ASSIGN(content, read_binary_secret_file(credential.file));
  auto password = credential.password;
  if (!credential.password_file.empty()) {
    BM_ASSIGN(written, read_secret_file(credential.password_file));
    password = std::move(written);
  }
  auto certificate = SigningCertificate::parse(content, password, now);
  if (!certificate) return std::move(certificate).error().within("cannot use '" + credential.file + "'");
  return certificate;
}

}  // namespace

Result<std::unique_ptr<CertificateProof>> CertificateProof::create(ClientCertificate credential,
                                                                   Clock& clock) {
  BM_TRY(load(credential, clock.wall_now()));
  return std::unique_ptr<CertificateProof>(new CertificateProof(std::move(credential), clock));
}

Result<Proof> CertificateProof::prove(const std::string& token_url) {
  const auto now = clock_.wall_now();
  auto certificate = load(credential_, now);
  if (!certificate) return Error{ErrorCode::unavailable, std::move(certificate).error().message};

  BM_ASSIGN(id, random_uuid());
  BM_ASSIGN(assertion, client_assertion({.audience = token_url,
                                         .client_id = credential_.application.client_id,
                                         .id = std::move(id),
                                         .issued = now},
                                        *certificate));
  return Proof{Proof::Kind::assertion, std::move(assertion)};
}

std::string CertificateProof::description() const { return "certificate in '" + credential_.file + "'"; }

}  // namespace blobmount
