#pragma once

/// When bytes get across a connection of a given rate: arithmetic, with deadlines counted from the start, so
/// that late wake-ups do not add up.

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

  /// What to send at a time: some milliseconds' worth, so that a stream is smooth and wake-ups are few; less
  /// at the start, so that the first byte does not wait for many others.
  [[nodiscard]] std::size_t piece() const;

  /// When the next `bytes` will be across, all of them: send them then. A sender that fell far behind,
  /// because its peer did not read, does not catch up: a real line would not be any faster then.
  SteadyTime arrival_of(std::size_t bytes, SteadyTime now);

 private:
  [[nodiscard]] SteadyTime due() const;

  double rate_ = 0;
  SteadyTime start_;
  double bytes_ = 0;  ///< across since start_
};

}  // namespace blobmount::tests
