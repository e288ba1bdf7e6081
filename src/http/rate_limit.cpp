#include "http/rate_limit.hpp"

#include <algorithm>

namespace blobmount {
namespace {

/// What was not used can be used later, but no more than of that long: the service counts by the second.
constexpr std::chrono::milliseconds longest_saving{100};
/// Some rate may be set of which a single piece takes longer; then it takes that long.
constexpr double longest_price_s = 3600;

std::chrono::nanoseconds price(std::uint64_t amount, std::uint64_t per_second) {
  const auto seconds =
      std::min(static_cast<double>(amount) / static_cast<double>(per_second), longest_price_s);
  return std::chrono::nanoseconds{static_cast<std::int64_t>(seconds * 1e9)};
}

}  // namespace

void RateLimit::set(std::uint64_t per_second) {
  const MutexLock lock(mutex_);
  if (per_second == per_second_) return;
  per_second_ = per_second;
  free_at_ = SteadyTime::min();
}

Duration RateLimit::debt(SteadyTime now) const {
  return free_at_ <= now ? Duration{0} : std::chrono::ceil<Duration>(free_at_ - now);
}

Duration RateLimit::wait(SteadyTime now) const {
  if (per_second() == 0) return Duration{0};
  const MutexLock lock(mutex_);
  return debt(now);
}

Duration RateLimit::take(std::uint64_t amount, SteadyTime now) {
  if (per_second() == 0) return Duration{0};
  const MutexLock lock(mutex_);
  const auto rate = per_second();
  if (rate == 0) return Duration{0};
  if (const auto owed = debt(now); owed > Duration{0}) return owed;
  free_at_ = std::max<SteadyTime>(free_at_, now - longest_saving) + price(amount, rate);
  return Duration{0};
}

}  // namespace blobmount
