#include "fakes/connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace blobmount::tests {

Connection::Connection(int socket, int stop, const TlsContext* tls)
    : socket_(socket),
      stop_(stop),
      tls_(tls != nullptr ? tls->accept(socket) : TlsContext::Session(nullptr, SSL_free)) {
  const int on = 1;
  // pieces go out as handlers send them: tests are about pieces
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Connection::~Connection() {
  // an end that was ordered comes without notice, as that of a broken connection does
  if (tls_ && open_) SSL_shutdown(tls_.get());
  ::close(socket_);
}

std::ptrdiff_t Connection::receive_some(std::span<char> into) {
  if (!tls_) return ::recv(socket_, into.data(), into.size(), 0);
  return SSL_read(tls_.get(), into.data(), static_cast<int>(into.size()));
}

std::ptrdiff_t Connection::send_some(std::span<const std::byte> bytes) {
  if (!tls_) return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  const auto size = std::min(bytes.size(), std::size_t{INT_MAX});
  return SSL_write(tls_.get(), bytes.data(), static_cast<int>(size));
}

bool Connection::receive(std::string& buffer) {
  std::array<char, 65536> piece;
  while (open_) {
    const auto count = receive_some(piece);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    buffer.append(piece.data(), static_cast<std::size_t>(count));
    return true;
  }
  open_ = false;
  return false;
}

bool Connection::send(std::span<const std::byte> bytes) {
  while (open_ && !bytes.empty()) {
    const auto count = send_some(bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      open_ = false;
    } else {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }
  return open_;
}

bool Connection::wait_until(SteadyTime time) {
  while (open_) {
    const auto left = std::chrono::nanoseconds(time - std::chrono::steady_clock::now());
    if (left.count() <= 0) return true;

    const timespec timeout{.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
    std::array<pollfd, 2> ends{{{socket_, POLLRDHUP, 0}, {stop_, POLLIN, 0}}};
    if (::ppoll(ends.data(), ends.size(), &timeout, nullptr) > 0) open_ = false;
  }
  return false;
}

void Connection::wait_for_end() { wait_until(std::chrono::steady_clock::now() + std::chrono::hours{24}); }

void Connection::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  open_ = false;
}

void Connection::close() { open_ = false; }

void Connection::shut_down() { ::shutdown(socket_, SHUT_RDWR); }

}  // namespace blobmount::tests
