#pragma once

/// A small blocking HTTP/1.1 server for tests, on the loopback, over TLS or without: a thread for each
/// connection, and a handler that may put on the wire whatever it likes.

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <thread>

#include "blobmount/http.hpp"

#include "base/annotated_mutex.hpp"
#include "fakes/reply.hpp"
#include "fakes/served_request.hpp"
#include "fakes/tls_context.hpp"

namespace blobmount::tests {

class HttpServer {
 public:
  /// Runs on the connection's thread, several at a time. One that waits for anything but its Reply must
  /// not do so for long. Without an answer the connection is closed.
  using Handler = std::function<void(const ServedRequest&, Reply&)>;

  /// Listens on 127.0.0.1 when this returns. Port 0: the kernel chooses. Nothing for `tls`: plain http.
  /// Throws std::system_error, and std::runtime_error where the certificate cannot be used.
  explicit HttpServer(Handler handler, int port = 0, const std::optional<CertificateFiles>& tls = {});
  /// Ends all connections, whatever their handlers are doing, and waits for the threads.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  /// http://127.0.0.1:PORT, or https, and `path`, which is percent-encoded.
  [[nodiscard]] Url url(std::string path = "/") const;
  /// How many connections have been accepted.
  [[nodiscard]] std::uint64_t connections() const BM_EXCLUDES(mutex_);
  /// Null: none.
  [[nodiscard]] const TlsContext* tls() const { return tls_.get(); }

 private:
  struct Served {
    std::unique_ptr<Connection> connection;
    std::thread thread;
    bool ended = false;
  };

  void accept_connections() BM_EXCLUDES(mutex_);
  void start_serving(int socket) BM_EXCLUDES(mutex_);
  void serve(Served& served, std::uint64_t number) BM_EXCLUDES(mutex_);
  void forget_ended() BM_EXCLUDES(mutex_);

  const Handler handler_;
  const std::unique_ptr<const TlsContext> tls_;
  const int listener_;
  const int stop_;  ///< an eventfd, readable from the moment the server stops
  const int port_;

  mutable Mutex mutex_;
  std::list<Served> served_ BM_GUARDED_BY(mutex_);  // a list: its members stay where they are
  std::uint64_t connections_ BM_GUARDED_BY(mutex_) = 0;

  std::thread acceptor_;
};

}  // namespace blobmount::tests
