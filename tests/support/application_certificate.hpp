#pragma once

/// Certificates of applications, and what people keep them in.

#include <string>

#include "auth/certificate_file.hpp"

namespace blobmount::tests {

class ApplicationCertificate {
 public:
  struct Wish {
    std::string subject = "application";
    bool rsa = true;
    int valid_from_day = -1;  ///< from today
    int valid_to_day = 7;
    const ApplicationCertificate* issuer = nullptr;  ///< null: itself
  };
  /// With a new key. Throws std::runtime_error.
  ApplicationCertificate() : ApplicationCertificate(Wish{}) {}
  explicit ApplicationCertificate(const Wish& wish);

  /// The certificate alone.
  [[nodiscard]] std::string pem() const;
  /// Its key, encrypted where there is a password.
  [[nodiscard]] std::string key_pem(const std::string& password = {}) const;
  [[nodiscard]] std::string pem_with_key(const std::string& password = {}) const {
    return pem() + key_pem(password);
  }
  /// Both, and the issuer's certificate if that is another.
  [[nodiscard]] std::string pkcs12(const std::string& password) const;

 private:
  KeyPtr key_;
  CertificatePtr certificate_;
  const ApplicationCertificate* const issuer_;
};

}  // namespace blobmount::tests
