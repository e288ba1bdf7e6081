#pragma once

/// Time that passes when a test says so. Nobody sleeps: who waits for a time is woken by the advance that
/// reaches it.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"

namespace blobmount::tests {

/// Safe to use from any thread.
class ManualClock final : public Clock, public Scheduler {
 public:
  ManualClock() = default;
  /// Runs what is still pending, as a Scheduler does.
  ~ManualClock() override;
  ManualClock(const ManualClock&) = delete;
  ManualClock& operator=(const ManualClock&) = delete;

  SteadyTime now() override BM_EXCLUDES(mutex_);
  WallTime wall_now() override BM_EXCLUDES(mutex_);
  void wait_until(std::condition_variable_any& bell, std::unique_lock<std::mutex>& lock,
                  SteadyTime time) override BM_EXCLUDES(mutex_);
  void run_after(Duration delay, std::function<void()> action) override BM_EXCLUDES(mutex_);

  /// Let `step` pass. Actions that become due run on this thread, in order, each at its own time, those
  /// included that they schedule; waiters that become due are woken. The caller holds no lock that one of
  /// them needs.
  void advance(Duration step) BM_EXCLUDES(mutex_);

  /// Block until `count` threads wait for a time that has not come.
  void wait_for_waiters(std::size_t count = 1) BM_EXCLUDES(mutex_);
  /// Block until `count` actions are pending.
  void wait_for_actions(std::size_t count = 1) BM_EXCLUDES(mutex_);

 private:
  struct Waiter {
    std::condition_variable_any* bell;
    std::mutex* mutex;
    SteadyTime time;
  };

  bool run_next_action(SteadyTime until) BM_EXCLUDES(mutex_);
  void move_to(SteadyTime time) BM_EXCLUDES(mutex_);
  bool wake_due_waiters() BM_EXCLUDES(mutex_);

  Mutex mutex_;
  std::condition_variable changed_;
  SteadyTime now_ BM_GUARDED_BY(mutex_){std::chrono::hours{1000}};
  std::multimap<SteadyTime, std::function<void()>> actions_ BM_GUARDED_BY(mutex_);
  std::map<std::uint64_t, Waiter> waiters_ BM_GUARDED_BY(mutex_);
  std::uint64_t last_waiter_ BM_GUARDED_BY(mutex_) = 0;
};

}  // namespace blobmount::tests
