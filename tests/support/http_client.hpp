#pragma once

/// One HTTP request at a time through libcurl: for tests and proxies, which want the exchange as it is,
/// without the transports that are being tested.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "blobmount/http.hpp"

namespace blobmount::tests {

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers{};  ///< "Name: value"; "Name:" leaves out one that curl would add
  std::string body{};
  std::string ca_file{};     ///< PEM; empty: the system's
  bool keep_chunks = false;  ///< hand on a chunked body with its framing, for proxies
};

/// Takes an answer as it comes. Returning false breaks it off.
struct AnswerSink {
  std::function<bool(int status, const HttpHeaders&)> head;
  std::function<bool(std::span<const std::byte>)> body;
  std::function<bool()> go_on = [] { return true; };  ///< asked about once a second, also in silence
};

/// Sends requests, over one kept connection. Used by one thread at a time.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Send `request` and wait for the whole answer. Nothing, or why it failed.
  std::optional<std::string> exchange(const ClientRequest& request, const AnswerSink& sink);

  /// The same, for small answers. Throws std::runtime_error where no complete answer came.
  HttpResponse send(const ClientRequest& request);

 private:
  void* const curl_;
};

}  // namespace blobmount::tests
