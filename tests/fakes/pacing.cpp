#include "fakes/pacing.hpp"

#include <algorithm>
#include <cmath>

namespace blobmount::tests {
namespace {

constexpr double seconds_of_a_piece = 0.004;
/// What a busy machine may be late by and make good again.
constexpr std::chrono::milliseconds longest_debt{100};

}  // namespace

std::size_t Pacing::piece() const {
  static constexpr double smallest = 1, largest = 1 << 20;
  return static_cast<std::size_t>(std::clamp(rate_ * seconds_of_a_piece, smallest, largest));
}

SteadyTime Pacing::sent(std::size_t bytes, SteadyTime now) {
  bytes_ += static_cast<double>(bytes);
  const auto due = start_ + std::chrono::nanoseconds(std::llround(bytes_ / rate_ * 1e9));
  if (due + longest_debt >= now) return due;

  start_ = now;
  bytes_ = 0;
  return now;
}

}  // namespace blobmount::tests
