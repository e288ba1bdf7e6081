#pragma once

/// Waiting for what another process brings about, in real time.

#include <chrono>
#include <thread>

#include "blobmount/clock.hpp"

namespace blobmount::tests {

/// Whether `condition` becomes true within `timeout`.
template <typename Condition>
bool eventually(Duration timeout, const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return true;
}

}  // namespace blobmount::tests
