#include "fakes/http_server.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/thread.hpp"

namespace blobmount::tests {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int listen_on(int port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) fail("socket");
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // a restart must not wait for TIME_WAIT
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, 1024) != 0) {
    const int reason = errno;
    ::close(listener);
    errno = reason;
    fail("listen on port " + std::to_string(port));
  }
  return listener;
}

int port_of(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("getsockname");
  return ntohs(address.sin_port);
}

std::unique_ptr<const TlsContext> context_of(const std::optional<CertificateFiles>& files) {
  return files ? std::make_unique<const TlsContext>(*files) : nullptr;
}

}  // namespace

HttpServer::HttpServer(Handler handler, int port, const std::optional<CertificateFiles>& tls)
    : handler_(std::move(handler)),
      tls_(context_of(tls)),
      listener_(listen_on(port)),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      port_(port_of(listener_)),
      acceptor_(start_thread("http-accept", [this] { accept_connections(); })) {}

HttpServer::~HttpServer() {
  ::eventfd_write(stop_, 1);
  acceptor_.join();  // from here on nobody adds to served_
  std::list<Served> rest;
  {
    const MutexLock lock(mutex_);
    for (auto& served : served_) {
      if (!served.ended) served.connection->shut_down();
    }
    rest.swap(served_);  // moves no member: their threads go on using them
  }
  for (auto& served : rest) served.thread.join();
  ::close(listener_);
  ::close(stop_);
}

Url HttpServer::url(std::string path) const {
  return {.scheme = tls_ ? "https" : "http",
          .host = "127.0.0.1",
          .port = port_,
          .path = std::move(path),
          .query = {}};
}

std::uint64_t HttpServer::connections() const {
  const MutexLock lock(mutex_);
  return connections_;
}

void HttpServer::accept_connections() {
  while (true) {
    std::array<pollfd, 2> events{{{listener_, POLLIN, 0}, {stop_, POLLIN, 0}}};
    if (::poll(events.data(), events.size(), -1) < 0) continue;
    if (events[1].revents != 0) return;

    forget_ended();
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket >= 0) start_serving(socket);
  }
}

void HttpServer::start_serving(int socket) {
  const MutexLock lock(mutex_);
  auto& served = served_.emplace_back();
  served.connection = std::make_unique<Connection>(socket, stop_, tls_.get());
  served.thread =
      start_thread("http-serve", [this, &served, number = ++connections_] { serve(served, number); });
}

void HttpServer::serve(Served& served, std::uint64_t number) {
  RequestReader reader(*served.connection);
  while (auto request = reader.next()) {
    request->connection = number;
    Reply reply(*served.connection, request->method == "HEAD");
    handler_(*request, reply);
    if (!reply.open() || request->header("Connection") == "close") break;
  }
  const MutexLock lock(mutex_);  // so that shut_down() is not called on a socket of somebody else
  served.connection.reset();
  served.ended = true;
}

void HttpServer::forget_ended() {
  std::list<Served> ended;
  {
    const MutexLock lock(mutex_);
    for (auto served = served_.begin(); served != served_.end();) {
      const auto next = std::next(served);
      if (served->ended) ended.splice(ended.end(), served_, served);
      served = next;
    }
  }
  for (auto& served : ended) served.thread.join();
}

}  // namespace blobmount::tests
