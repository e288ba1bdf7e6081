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
  static constexpr double smallest = 1, first = 16 << 10, largest = 1 << 20;
  const auto usual = std::clamp(rate_ * seconds_of_a_piece, smallest, largest);
  return static_cast<std::size_t>(std::min(usual, std::max(bytes_, first)));
}

SteadyTime Pacing::arrival_of(std::size_t bytes, SteadyTime now) {
  if (due() + longest_debt < now) {
    start_ = now;
    bytes_ = 0;
  }
  bytes_ += static_cast<double>(bytes);
  return due();
}

SteadyTime Pacing::due() const {
  return start_ + std::chrono::nanoseconds(std::llround(bytes_ / rate_ * 1e9));
}

}  // namespace blobmount::tests
