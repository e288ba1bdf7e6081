#include "http/observed_transport.hpp"

#include <algorithm>
#include <array>

namespace blobmount {
namespace {

constexpr std::array<std::string_view, 6> shown_query = {"comp",      "restype",    "prefix",
                                                         "delimiter", "maxresults", "marker"};

Url without_secrets(Url url) {
  std::erase_if(url.query, [](const auto& field) {
    return std::find(shown_query.begin(), shown_query.end(), field.first) == shown_query.end();
  });
  return url;
}

/// By which a support case finds the request.
std::string shown(const HttpHeaders& headers, std::string_view name) {
  return std::string(headers.get(name).value_or(""));
}

std::string summary(const Result<HttpResponse>& outcome) {
  return outcome ? std::to_string(outcome->status) : outcome.error().message;
}

}  // namespace

void ObservedTransport::start(HttpRequest request, OnResponse done) {
  if (!log_.enabled(LogLevel::debug)) return next_.start(std::move(request), std::move(done));
  const auto started = clock_.now();
  auto what = request.method + " " + without_secrets(request.url).to_string();
  auto range = request.range ? range_header(*request.range) : std::string();
  auto client_id = shown(request.headers, "x-ms-client-request-id");
  auto observed = [this, started, what = std::move(what), range = std::move(range),
                   client_id = std::move(client_id), done = std::move(done)](Result<HttpResponse> outcome) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(clock_.now() - started);
    log_.debug("request", {{"what", what},
                           {"range", range},
                           {"outcome", summary(outcome)},
                           {"us", took.count()},
                           {"request_id", outcome ? shown(outcome->headers, "x-ms-request-id") : ""},
                           {"client_request_id", client_id}});
    done(std::move(outcome));
  };
  next_.start(std::move(request), std::move(observed));
}

}  // namespace blobmount
