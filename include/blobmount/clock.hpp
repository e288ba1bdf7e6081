#pragma once

/// Time and waiting as inputs, so that tests do not wait.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace blobmount {

using Duration = std::chrono::milliseconds;
/// Goes forward only; for ages and waits.
using SteadyTime = std::chrono::steady_clock::time_point;
/// What the calendar says; for Last-Modified and for request dates.
using WallTime = std::chrono::system_clock::time_point;

/// Safe to use from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime now() = 0;
  virtual WallTime wall_now() = 0;
  /// Wait for a notification of `bell`, at most until `time`; may wake early. `lock` is held before and
  /// after.
  virtual void wait_until(std::condition_variable_any& bell, std::unique_lock<std::mutex>& lock,
                          SteadyTime time) = 0;
};

/// Runs things later. Safe to use from any thread.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  /// Run `action` once, `delay` from now, on a thread of the scheduler. `action` must not block. What is
  /// still pending when the scheduler stops is run at once, so that no completion is lost.
  virtual void run_after(Duration delay, std::function<void()> action) = 0;
};

}  // namespace blobmount
