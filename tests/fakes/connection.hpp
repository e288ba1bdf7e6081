#pragma once

/// One accepted connection of a HttpServer, over TLS or without: bytes in, bytes out, and waiting that ends
/// when the server does.

#include <cstddef>
#include <span>
#include <string>

#include "blobmount/clock.hpp"

#include "fakes/tls_context.hpp"

namespace blobmount::tests {

/// Used by one thread, except for shut_down(). After the peer went or the server stopped every call is
/// harmless and returns false.
class Connection {
 public:
  /// Takes over `socket`; `stop` is an eventfd that becomes readable when the server stops. Null `tls`: none.
  Connection(int socket, int stop, const TlsContext* tls = nullptr);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Append what arrives next to `buffer`. Blocks. False when there will be no more.
  bool receive(std::string& buffer);

  /// Send all of `bytes`. Blocks while the peer does not read.
  bool send(std::span<const std::byte> bytes);

  /// False at once when the peer closes or the server stops.
  bool wait_until(SteadyTime time);
  void wait_for_end();

  /// Close with RST, and what was sent last may be lost; or with FIN after all of it.
  void reset();
  void close();
  [[nodiscard]] bool open() const { return open_; }

  /// Wake the thread that uses the connection, to find it closed. For the server, on any thread.
  void shut_down();

 private:
  /// As recv() and send() do.
  std::ptrdiff_t receive_some(std::span<char> into);
  std::ptrdiff_t send_some(std::span<const std::byte> bytes);

  const int socket_;
  const int stop_;
  const TlsContext::Session tls_;  ///< null: none
  bool open_ = true;
};

}  // namespace blobmount::tests
