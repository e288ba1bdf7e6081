#pragma once

/// When the next byte is due on a connection of a given rate: arithmetic, with deadlines counted from the
/// start, so that late wake-ups do not add up.

#include <cstddef>
#include <cstdint>

#include "blobmount/clock.hpp"

namespace blobmount::tests {

/// A value. A rate of 0 is no limit.
class Pacing {
 public:
  Pacing() = default;
  Pacing(double bytes_per_second, SteadyTime start) : rate_(bytes_per_second), start_(start) {}

  [[nodiscard]] bool limited() const { return rate_ > 0; }

  /// What to send at a time: some milliseconds' worth, so that a stream is smooth and wake-ups are few.
  [[nodiscard]] std::size_t piece() const;

  /// Bytes have been sent at `now`; returns when the next may be. A sender that fell far behind, because its
  /// peer did not read, does not catch up: a real line would not be any faster then.
  SteadyTime sent(std::size_t bytes, SteadyTime now);

 private:
  double rate_ = 0;
  SteadyTime start_;
  double bytes_ = 0;  ///< since start_
};

}  // namespace blobmount::tests
