#include "fakes/tls_serving.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/ssl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fakes/connection.hpp"

namespace blobmount::tests {
namespace {

/// What has come as far as the end of a head; such requests have no body.
std::string receive_head(SSL* session) {
  std::string text;
  std::array<char, 4096> piece{};
  while (text.find("\r\n\r\n") == std::string::npos) {
    const int size = SSL_read(session, piece.data(), static_cast<int>(piece.size()));
    if (size <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text;
}

std::optional<ServedRequest> parse(const std::string& text) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return std::nullopt;
  (void)::send(ends[1], text.data(), text.size(), MSG_NOSIGNAL);
  ::close(ends[1]);
  const int never = ::eventfd(0, EFD_CLOEXEC);
  std::optional<ServedRequest> request;
  {
    Connection connection(ends[0], never);
    request = RequestReader(connection).next();
  }
  ::close(never);
  return request;
}

std::string text_of(const HttpResponse& response) {
  return "HTTP/1.1 " + std::to_string(response.status) +
         " Whatever\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(response.body.size()) + "\r\n\r\n" + response.body;
}

}  // namespace

std::function<void(int)> serving_over_tls(const CertificateFiles& files,
                                          std::function<HttpResponse(const ServedRequest&)> answer) {
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_use_certificate_file(context.get(), files.certificate.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM);
  return [context, answer = std::move(answer)](int connection) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> session(SSL_new(context.get()), SSL_free);
    SSL_set_fd(session.get(), connection);
    if (SSL_accept(session.get()) != 1) return;
    const auto request = parse(receive_head(session.get()));
    if (!request) return;
    const auto text = text_of(answer(*request));
    SSL_write(session.get(), text.data(), static_cast<int>(text.size()));
    SSL_shutdown(session.get());
  };
}

}  // namespace blobmount::tests
