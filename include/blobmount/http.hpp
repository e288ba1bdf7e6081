#pragma once

/// HTTP as blobmount needs it: a request, a response, and the one door to the network. Knows nothing of
/// Azure.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// `length` bytes from `offset`.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;

  [[nodiscard]] std::uint64_t end() const { return offset + length; }
  bool operator==(const ByteRange&) const = default;
};

/// Header fields in order; names compare without case.
class HttpHeaders {
 public:
  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  /// The first field of that name.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  void set(std::string_view name, std::string value);
  void add(std::string name, std::string value);

  [[nodiscard]] auto begin() { return fields_.begin(); }
  [[nodiscard]] auto end() { return fields_.end(); }
  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// An absolute URL. `path` is percent-encoded and begins with '/'; `query` holds decoded names and values.
struct Url {
  std::string scheme{}, host{};
  int port = 0;  ///< 0: the scheme's own
  std::string path = "/";
  std::vector<std::pair<std::string, std::string>> query{};

  [[nodiscard]] std::string to_string() const;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers{};
  std::string body{};  ///< empty where a BodySink took it
  /// From the start of the try to the first byte of the answer; 0: not known.
  std::chrono::microseconds first_byte{0};
};

/// Takes the body of a successful (2xx) answer as it arrives. Called by one network thread at a time, never
/// again once the request's completion has begun to run.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// The head of an answer came: is it the one that was asked for? `range` is what this try asked for. An
  /// Error ends the try with it.
  virtual Status begin(const HttpResponse& head, ByteRange range) = 0;
  /// Never more than the range in total. An Error ends the try with it; `cancelled` is for a rest that nobody
  /// wants.
  virtual Status append(std::span<const std::byte> bytes) = 0;
  /// Asked between tries, and a few times a second while no byte comes. False, for good: nobody wants the
  /// rest.
  [[nodiscard]] virtual bool wanted() = 0;
  /// Bytes taken so far, over all tries: a repeated request resumes there.
  [[nodiscard]] virtual std::uint64_t received() const = 0;
};

/// How long one try may take. A try that breaks a limit ends with timed_out.
struct HttpLimits {
  Duration connect{std::chrono::seconds{10}};
  Duration stall{std::chrono::seconds{10}};  ///< connected, and no byte for that long
  Duration total{0};                         ///< from the start to the last byte; 0: no limit
};

/// How long `bytes` may take to come. What is slower than 16 KiB/s is not taken for a line but for a server
/// that drips: 32 downloads side by side fill a line of 4 Mbit/s, and each is above that.
constexpr Duration patience_for(std::uint64_t bytes) { return Duration{bytes * 1000 / (16U << 10U)}; }

/// What HttpRequest::longest_body is where nobody says. A List page of 5,000 names of 1,024 characters,
/// escaped, with their metadata, stays well below.
constexpr std::size_t longest_expected_body = 64U << 20U;

/// How long our own limits (of bytes, requests and connections) have held something back, all in all: time
/// for which neither it nor the service is to blame. Safe to use from any thread.
class HeldBack {
 public:
  void add(Duration time) { ms_.fetch_add(time.count(), std::memory_order_relaxed); }
  [[nodiscard]] Duration total() const { return Duration{ms_.load(std::memory_order_relaxed)}; }

 private:
  std::atomic<Duration::rep> ms_{0};
};

struct HttpRequest {
  std::string_view operation = "other";  ///< what metrics count it as: a literal, such as "get_blob"
  int tries_before = 0;                  ///< of the same request
  std::string method = "GET";
  Url url{};
  HttpHeaders headers{};
  std::string body{};
  std::optional<ByteRange> range{};  ///< sent as Range
  std::shared_ptr<BodySink> sink{};  ///< where the body of a 2xx goes; HttpResponse::body without one
  HttpLimits limits{};
  bool direct = false;            ///< never through a proxy
  bool fresh_connection = false;  ///< on one that nobody has used before
  /// Of the body that no sink takes: a longer one is `corrupt`.
  std::size_t longest_body = longest_expected_body;
  /// The SHA-1 thumbprint, in hex, of the one certificate that is trusted, whoever issued it and for whatever
  /// host; any other is `untrusted`. Such a request, which must be https, shares its connection with no
  /// other. Empty: what a certificate authority vouches for.
  std::string pinned_certificate{};
  std::shared_ptr<HeldBack> held_back{};  ///< told of each wait for a limit of ours; null: nobody asks
};

using OnResponse = std::function<void(Result<HttpResponse>)>;

/// The one door to the network. Retry, authorization and observation are transports over transports.
/// Safe to use from any thread; must outlive what was started.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  /// Send `request`; report its outcome to `done` exactly once, on any thread, maybe before returning. Never
  /// blocks. An HTTP error status is a response, not an Error: Error means that no complete response came.
  virtual void start(HttpRequest request, OnResponse done) = 0;
};

/// Send and wait. Blocks until the answer is there: not for FUSE or network threads.
Result<HttpResponse> send_and_wait(HttpTransport& transport, HttpRequest request);

/// The value of a Range header: "bytes=0-99". `range` is not empty.
std::string range_header(ByteRange range);

/// Percent-encode what is not unreserved (RFC 3986); '/' is kept when `keep_slash`.
std::string percent_encode(std::string_view text, bool keep_slash);
std::optional<std::string> percent_decode(std::string_view text);

/// An absolute http or https URL, or invalid_argument with a sentence for its author.
Result<Url> parse_url(std::string_view text);

/// Whether the host is this machine's loopback: 127.0.0.0/8, ::1 or localhost.
bool is_loopback(std::string_view host);

/// Whether a credential may travel there: over https or, to an emulator, on the loopback.
bool keeps_secrets(const Url& url);

}  // namespace blobmount
