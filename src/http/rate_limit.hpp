#pragma once

/// So much in a second, all together: a token bucket that runs into debt rather than have somebody wait for
/// the whole of a large piece.

#include <atomic>
#include <cstdint>

#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"

namespace blobmount {

/// Arithmetic: nobody sleeps here. Safe to use from any thread.
class RateLimit {
 public:
  /// 0: no limit.
  explicit RateLimit(std::uint64_t per_second) : per_second_(per_second) {}

  /// From now on. What is owed at the old rate is forgiven, so that nobody waits on for an hour. No effect
  /// where it is the rate already.
  void set(std::uint64_t per_second) BM_EXCLUDES(mutex_);
  [[nodiscard]] std::uint64_t per_second() const { return per_second_.load(); }

  /// Zero: `amount` is taken. Else nothing is, and it is worth to come back after that long.
  [[nodiscard]] Duration take(std::uint64_t amount, SteadyTime now) BM_EXCLUDES(mutex_);
  /// How long nothing can be taken.
  [[nodiscard]] Duration wait(SteadyTime now) const BM_EXCLUDES(mutex_);

 private:
  [[nodiscard]] Duration debt(SteadyTime now) const BM_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::atomic<std::uint64_t> per_second_;                         // written with the mutex held
  SteadyTime free_at_ BM_GUARDED_BY(mutex_) = SteadyTime::min();  ///< when what was taken has been paid for
};

}  // namespace blobmount
