#pragma once

/// A certificate whose private key we have: what it is known by, and what it signs.

#include <string>
#include <string_view>
#include <vector>

#include "blobmount/clock.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/result.hpp"

#include "auth/certificate_file.hpp"

namespace blobmount {

class SigningCertificate {
 public:
  /// `content` is PEM or PKCS#12. invalid_argument with a sentence for the user, also where Microsoft Entra
  /// would not take it at `now`: it takes RSA keys only.
  static Result<SigningCertificate> parse(const Secret& content, const Secret& password, WallTime now);

  /// SHA-256 of the certificate: binary.
  [[nodiscard]] std::string thumbprint() const;
  /// The certificate, then its issuer, and so on as far as the file has them: DER, in base64.
  [[nodiscard]] std::vector<std::string> chain() const;
  /// RSASSA-PSS with SHA-256, which JWTs call PS256: binary.
  [[nodiscard]] Result<std::string> sign(std::string_view text) const;

 private:
  explicit SigningCertificate(CertificateFile file) : file_(std::move(file)) {}

  CertificateFile file_;
};

}  // namespace blobmount
