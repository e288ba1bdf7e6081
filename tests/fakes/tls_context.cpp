#include "fakes/tls_context.hpp"

#include <csignal>
#include <stdexcept>

namespace blobmount::tests {

TlsContext::TlsContext(const CertificateFiles& files)
    : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
  if (SSL_CTX_use_certificate_file(context_.get(), files.certificate.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_use_PrivateKey_file(context_.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("cannot use certificate " + files.certificate.string());
  }
  // OpenSSL writes to sockets without MSG_NOSIGNAL
  (void)std::signal(SIGPIPE, SIG_IGN);
}

TlsContext::Session TlsContext::accept(int socket) const {
  Session session(SSL_new(context_.get()), SSL_free);
  SSL_set_fd(session.get(), socket);
  SSL_set_accept_state(session.get());
  return session;
}

// https://docs.openssl.org/3.0/man3/SSL_CTX_sess_number/
std::uint64_t TlsContext::handshakes() const {
  return static_cast<std::uint64_t>(SSL_CTX_sess_accept_good(context_.get()));
}

std::uint64_t TlsContext::resumed() const {
  return static_cast<std::uint64_t>(SSL_CTX_sess_hits(context_.get()));
}

}  // namespace blobmount::tests
