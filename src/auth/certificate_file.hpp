#pragma once

/// A file with a certificate and its private key, taken apart: PEM, or PKCS#12 (.pfx, .p12).

#include <memory>
#include <vector>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "blobmount/credential.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

struct OpensslFree {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using CertificatePtr = std::unique_ptr<X509, OpensslFree>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree>;

struct CertificateFile {
  KeyPtr key{};
  CertificatePtr certificate{};          ///< the one that the key fits
  std::vector<CertificatePtr> others{};  ///< those of issuers, perhaps; in no order
};

/// invalid_argument with a sentence for the user, without any secret. Never asks at the terminal.
Result<CertificateFile> parse_certificate_file(const Secret& content, const Secret& password);

}  // namespace blobmount
