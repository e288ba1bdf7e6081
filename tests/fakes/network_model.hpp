#pragma once

/// How far away a fake service is: the time to its first byte, and what a connection carries.

#include <chrono>
#include <cstdint>
#include <optional>

#include "fakes/random.hpp"

namespace blobmount::tests {

struct Latency {
  std::chrono::microseconds mean{0};
  std::chrono::microseconds jitter{0};  ///< so much less or more, evenly spread

  [[nodiscard]] std::chrono::nanoseconds at(double fraction) const {
    return std::chrono::nanoseconds(mean - jitter) +
           std::chrono::nanoseconds(
               static_cast<std::int64_t>(2e3 * fraction * static_cast<double>(jitter.count())));
  }
};

struct NetworkModel {
  Latency first_byte{};
  std::optional<Latency> list{};  ///< of List Blobs and List Containers, where it differs
  double bytes_per_second = 0;    ///< of each connection; 0: no limit
};

}  // namespace blobmount::tests
