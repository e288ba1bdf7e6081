#include "http/curl_transport.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include <string.h>

#include "base/wiped_memory.hpp"
#include "http/request_check.hpp"

namespace blobmount {
namespace {

/// For each loop, how many connections it may have: all together `connections`, and each at least one.
/// 0: no limit.
std::vector<unsigned> shares_of(unsigned connections, unsigned loops) {
  if (connections == 0) return std::vector<unsigned>(loops, 0);
  std::vector<unsigned> shares(std::min(connections, loops), 0);
  for (unsigned i = 0; i < connections; ++i) ++shares[i % shares.size()];
  return shares;
}

/// libcurl's global state, once for the process. Tokens pass through its buffers.
/// https://curl.se/libcurl/c/curl_global_init_mem.html
void initialize_curl() {
  static const auto initialized = curl_global_init_mem(CURL_GLOBAL_DEFAULT, std::malloc, wipe_and_free,
                                                       wiped_realloc, ::strdup, std::calloc);
  if (initialized != CURLE_OK) throw std::runtime_error("libcurl cannot be initialized");
}

}  // namespace

CurlTransport::CurlTransport(int loops, const std::string& ca_file, CurlLimits limits) {
  initialize_curl();
  const auto shares = shares_of(limits.connections, static_cast<unsigned>(loops));
  std::vector<ConnectionQueue::Place> places;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    loops_.push_back(std::make_unique<CurlLoop>("network/" + std::to_string(i), ca_file,
                                                CurlLimits{limits.bytes, shares[i]}));
    places.push_back({*loops_.back(), shares[i]});
  }
  if (limits.connections != 0) queue_ = std::make_unique<ConnectionQueue>(std::move(places));
}

void CurlTransport::start(HttpRequest request, OnResponse done) {
  if (auto sendable = check_request(request); !sendable) return done(std::move(sendable).error());
  if (queue_) return queue_->start(std::move(request), std::move(done));
  next_loop().start(std::move(request), std::move(done));
}

void CurlTransport::run_after(Duration delay, std::function<void()> action) {
  next_loop().run_after(delay, std::move(action));
}

void CurlTransport::on_each_loop(const std::function<void()>& action) {
  for (auto& loop : loops_) loop->run_after(Duration{0}, action);
}

void CurlTransport::stop() {
  if (queue_) queue_->stop();
  for (auto& loop : loops_) loop->stop();
}

CurlLoop& CurlTransport::next_loop() {
  return *loops_[turn_.fetch_add(1, std::memory_order_relaxed) % loops_.size()];
}

}  // namespace blobmount
