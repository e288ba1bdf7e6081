#pragma once

/// How long a disk that failed is left alone. A value.

#include <algorithm>
#include <chrono>

#include "blobmount/clock.hpp"

namespace blobmount {

class DiskPause {
 public:
  [[nodiscard]] bool holds(SteadyTime now) const { return now < until_; }

  /// It failed: leave it alone, each time for twice as long. Whether it worked until now.
  bool failed(SteadyTime now) {
    const bool first = length_ == Duration{0};
    length_ = std::clamp(2 * length_, shortest, longest);
    until_ = now + length_;
    return first;
  }

  /// Whether it had failed before.
  bool succeeded() {
    const bool again = length_ != Duration{0};
    length_ = Duration{0};
    return again;
  }

 private:
  static constexpr Duration shortest = std::chrono::seconds{30};
  static constexpr Duration longest = std::chrono::minutes{10};

  Duration length_{0};
  SteadyTime until_{};
};

}  // namespace blobmount
