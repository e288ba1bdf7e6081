#pragma once

/// Which transfers of a loop may take bytes of a body now, and which are held until there is something for
/// them again.

#include <algorithm>
#include <deque>

#include <curl/curl.h>

#include "blobmount/clock.hpp"

#include "http/rate_limit.hpp"

namespace blobmount {

/// Used by one thread; the limit is shared with others.
class BodyGate {
 public:
  /// Null: no limit.
  explicit BodyGate(RateLimit* limit) : limit_(limit) {}

  /// Whether `transfer` may take `bytes` now. If not, it is held behind all others that are.
  bool admits(CURL* transfer, std::size_t bytes, SteadyTime now) {
    if (limit_ == nullptr || limit_->take(bytes, now) == Duration{0}) return true;
    held_.push_back(transfer);
    return false;
  }

  /// The one that has been held for longest, if it may go on; else null. It is held no longer.
  CURL* next(SteadyTime now) {
    if (held_.empty() || limit_->wait(now) > Duration{0}) return nullptr;
    CURL* const transfer = held_.front();
    held_.pop_front();
    return transfer;
  }
  /// When to ask for the next one; max(): none is held.
  [[nodiscard]] SteadyTime due(SteadyTime now) const {
    return held_.empty() ? SteadyTime::max() : now + limit_->wait(now);
  }

  /// It has ended.
  void forget(CURL* transfer) { std::erase(held_, transfer); }

 private:
  RateLimit* const limit_;
  std::deque<CURL*> held_;
};

}  // namespace blobmount
