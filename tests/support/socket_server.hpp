#pragma once

/// Servers on the loopback for what a HttpServer does not do: other protocols, TLS, ports where nobody
/// listens.

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/thread.hpp"
#include "support/certificate.hpp"

namespace blobmount::tests {

/// A port of the loopback that nobody else gets.
class LoopbackSocket {
 public:
  LoopbackSocket() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    auto* const address = reinterpret_cast<sockaddr*>(&address_);
    if (::bind(socket_, address, size) != 0 || ::getsockname(socket_, address, &size) != 0) {
      throw std::system_error(errno, std::generic_category(), "bind");
    }
  }
  ~LoopbackSocket() { ::close(socket_); }
  LoopbackSocket(const LoopbackSocket&) = delete;
  LoopbackSocket& operator=(const LoopbackSocket&) = delete;

  [[nodiscard]] int port() const { return ntohs(address_.sin_port); }
  [[nodiscard]] int number() const { return socket_; }

 private:
  const int socket_;
  sockaddr_in address_{};
};

/// Hands each accepted connection to `serve`, one after the other, and closes it afterwards.
class SocketServer {
 public:
  explicit SocketServer(std::function<void(int)> serve) : serve_(std::move(serve)) {
    if (::listen(socket_.number(), 64) != 0)
      throw std::system_error(errno, std::generic_category(), "listen");
    thread_ = start_thread("socket-server", [this] { run(); });
  }
  ~SocketServer() {
    ::shutdown(socket_.number(), SHUT_RDWR);  // ends accept()
    thread_.join();
  }
  SocketServer(const SocketServer&) = delete;
  SocketServer& operator=(const SocketServer&) = delete;

  [[nodiscard]] int port() const { return socket_.port(); }

 private:
  void run() {
    while (true) {
      const int connection = ::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      const timeval patience{.tv_sec = 5, .tv_usec = 0};  // no peer makes a test hang
      ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      serve_(connection);
      ::close(connection);
    }
  }

  const std::function<void(int)> serve_;
  LoopbackSocket socket_;
  std::thread thread_;
};

/// Reads something and answers `text`, whatever was asked.
inline std::function<void(int)> always_answering(std::string_view text) {
  return [text](int connection) {
    std::array<char, 4096> question;
    if (::recv(connection, question.data(), question.size(), 0) <= 0) return;
    (void)::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
  };
}

/// Proves itself with `files`, and answers `text`, each after a pause.
inline std::function<void(int)> answering_over_tls(const CertificateFiles& files, std::string_view text,
                                                   std::chrono::milliseconds pause = {}) {
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_use_certificate_file(context.get(), files.certificate.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM);
  return [context, text, pause](int connection) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> session(SSL_new(context.get()), SSL_free);
    SSL_set_fd(session.get(), connection);
    std::array<char, 4096> question;
    std::this_thread::sleep_for(pause);
    if (SSL_accept(session.get()) != 1) return;
    if (SSL_read(session.get(), question.data(), static_cast<int>(question.size())) <= 0) return;
    std::this_thread::sleep_for(pause);
    SSL_write(session.get(), text.data(), static_cast<int>(text.size()));
    SSL_shutdown(session.get());
  };
}

}  // namespace blobmount::tests
