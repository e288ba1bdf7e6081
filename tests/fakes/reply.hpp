#pragma once

/// What a handler of a HttpServer puts on the wire: a whole answer in one call, or each piece as the test
/// wants it, be it right or wrong.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "blobmount/http.hpp"

#include "fakes/connection.hpp"
#include "fakes/pacing.hpp"

namespace blobmount::tests {

/// Used by the handler's thread, during the handler. When the peer has gone or the server stops, every call
/// is harmless and returns false: a handler may look, or just run to its end.
class Reply {
 public:
  Reply(Connection& connection, bool head_only) : connection_(connection), head_only_(head_only) {}

  /// A whole answer: Content-Length is added, and the body left out if the request was HEAD.
  bool send(int status, HttpHeaders headers, std::string_view body = {});

  /// Status line and header fields, just as given.
  bool send_head(int status, const HttpHeaders& headers);
  /// Bytes of the body, or of whatever comes next, at the rate that was set.
  bool send_bytes(std::span<const std::byte> bytes);
  bool send_text(std::string_view text) { return send_bytes(std::as_bytes(std::span(text))); }

  /// From now on, bodies go at this rate; 0 is no limit. Slow enough, it is a drip.
  void set_rate(double bytes_per_second);

  bool wait(std::chrono::nanoseconds time) { return wait_until(std::chrono::steady_clock::now() + time); }
  bool wait_until(SteadyTime time) { return connection_.wait_until(time); }
  /// Say nothing more until the peer gives up or the server stops.
  void stall() { connection_.wait_for_end(); }

  /// End the connection after what was sent (FIN), whatever the head had promised; or at once (RST).
  void close() { connection_.close(); }
  void reset() { connection_.reset(); }

  /// Whether the peer is still there, as far as anybody has noticed, and the server not stopping.
  [[nodiscard]] bool open() const { return connection_.open(); }
  /// Bytes of bodies sent so far.
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] bool head_only() const { return head_only_; }

 private:
  Connection& connection_;
  const bool head_only_;
  Pacing pacing_;
  std::uint64_t sent_ = 0;
};

}  // namespace blobmount::tests
