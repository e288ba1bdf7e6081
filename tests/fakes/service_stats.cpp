#include "fakes/service_stats.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace blobmount::tests {

std::uint64_t ServiceCounts::all() const {
  return std::accumulate(requests.begin(), requests.end(), std::uint64_t{0});
}

ServiceCounts ServiceStats::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

std::vector<RecordedRequest> ServiceStats::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

void ServiceStats::reset() {
  const MutexLock lock(mutex_);
  counts_ = {};
  requests_.clear();
}

void ServiceStats::count(RecordedRequest request) {
  static constexpr std::size_t most_recorded = 1'000'000;
  const MutexLock lock(mutex_);
  ++counts_.requests[static_cast<std::size_t>(request.kind)];
  if (requests_.size() < most_recorded) requests_.push_back(std::move(request));
}

std::uint64_t ServiceStats::under_way(const std::string& name) const {
  const MutexLock lock(mutex_);
  const auto found = under_way_.find(name);
  return found != under_way_.end() ? found->second : 0;
}

void ServiceStats::began(const std::string& name) {
  const MutexLock lock(mutex_);
  ++under_way_[name];
}

void ServiceStats::ended(const std::string& name) {
  const MutexLock lock(mutex_);
  if (--under_way_.at(name) == 0) under_way_.erase(name);
}

void ServiceStats::get_began(std::uint64_t to_send) {
  const MutexLock lock(mutex_);
  counts_.body_bytes += to_send;
  counts_.most_gets_at_once = std::max(counts_.most_gets_at_once, ++gets_now_);
}

void ServiceStats::get_ended(std::uint64_t not_sent) {
  const MutexLock lock(mutex_);
  // a reset in between has already forgotten what was to be sent
  counts_.body_bytes -= std::min(counts_.body_bytes, not_sent);
  --gets_now_;
}

}  // namespace blobmount::tests
