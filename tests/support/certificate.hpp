#pragma once

/// A certificate for tests' own https servers on the loopback.

#include <filesystem>
#include <string>

namespace blobmount::tests {

struct CertificateFiles {
  std::filesystem::path certificate;  ///< PEM; signs itself, so it is its own CA file too
  std::filesystem::path key;          ///< PEM
};

/// Make a certificate for localhost and 127.0.0.1, valid for some days, with a new key, in `directory`.
/// Throws std::runtime_error.
CertificateFiles make_certificate(const std::filesystem::path& directory);

/// SHA-1 of the certificate, as 40 hexadecimal digits.
std::string thumbprint_of(const CertificateFiles& files);

}  // namespace blobmount::tests
