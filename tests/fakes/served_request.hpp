#pragma once

/// A request as a HttpServer received it, and the reading of it from a connection.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blobmount/http.hpp"

#include "fakes/connection.hpp"

namespace blobmount::tests {

struct ServedRequest {
  std::string method;
  std::string target;                                      ///< path and query as they came, percent-encoded
  std::string path;                                        ///< decoded
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded; "name" alone has an empty value
  HttpHeaders headers;
  std::string body;
  std::uint64_t connection = 0;  ///< the same for requests that share a connection

  /// The first header or query value of that name.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

/// Reads requests from a connection, one after the other, keep-alive and pipelined.
class RequestReader {
 public:
  explicit RequestReader(Connection& connection) : connection_(connection) {}

  /// The next request, with its whole body. Nothing when the connection ends, or what comes is not HTTP/1.1.
  std::optional<ServedRequest> next();

 private:
  std::optional<std::string> line();
  bool read(std::size_t size, std::string& into);
  bool read_chunks(std::string& into);
  bool read_body(ServedRequest& request);

  Connection& connection_;
  std::string buffer_;  ///< received and not yet used
};

/// Without the percent signs; a '+' stays a '+', as the service reads it.
std::string decode(std::string_view text);

}  // namespace blobmount::tests
