#include "http/curl_transport.hpp"

#include "http/request_check.hpp"

namespace blobmount {
namespace {

/// libcurl's global state, once for the process. https://curl.se/libcurl/c/curl_global_init.html
void initialize_curl() {
  static const auto initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)initialized;
}

}  // namespace

CurlTransport::CurlTransport(int loops, const std::string& ca_file) {
  initialize_curl();
  for (int i = 0; i < loops; ++i) {
    loops_.push_back(std::make_unique<CurlLoop>("network/" + std::to_string(i), ca_file));
  }
}

void CurlTransport::start(HttpRequest request, OnResponse done) {
  if (auto sendable = check_request(request); !sendable) return done(std::move(sendable).error());
  next_loop().start(std::move(request), std::move(done));
}

void CurlTransport::run_after(Duration delay, std::function<void()> action) {
  next_loop().run_after(delay, std::move(action));
}

void CurlTransport::stop() {
  for (auto& loop : loops_) loop->stop();
}

CurlLoop& CurlTransport::next_loop() {
  return *loops_[turn_.fetch_add(1, std::memory_order_relaxed) % loops_.size()];
}

}  // namespace blobmount
