#pragma once

/// The server's side of TLS: a certificate, and session tickets with which clients resume.

#include <cstdint>
#include <memory>

#include <openssl/ssl.h>

#include "support/certificate.hpp"

namespace blobmount::tests {

/// Safe to use from any thread.
class TlsContext {
 public:
  /// Throws std::runtime_error where the files cannot be used. From now on, SIGPIPE is ignored.
  explicit TlsContext(const CertificateFiles& files);

  using Session = std::unique_ptr<SSL, decltype(&SSL_free)>;
  /// For an accepted `socket`, which stays the caller's. The first read or write does the handshake.
  [[nodiscard]] Session accept(int socket) const;

  /// How many have been completed so far, and how many of them resumed an earlier session.
  [[nodiscard]] std::uint64_t handshakes() const;
  [[nodiscard]] std::uint64_t resumed() const;

 private:
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
};

}  // namespace blobmount::tests
