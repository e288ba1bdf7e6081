#include "fakes/manual_clock.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace blobmount::tests {
namespace {

/// 2026-01-01T00:00:00Z, when the steady clock shows zero.
constexpr WallTime wall_origin{std::chrono::seconds{1'767'225'600}};

}  // namespace

ManualClock::~ManualClock() {
  while (run_next_action(SteadyTime::max())) continue;
}

SteadyTime ManualClock::now() {
  const MutexLock lock(mutex_);
  return now_;
}

WallTime ManualClock::wall_now() {
  return wall_origin + std::chrono::duration_cast<WallTime::duration>(now().time_since_epoch());
}

void ManualClock::wait_until(std::condition_variable_any& bell, std::unique_lock<std::mutex>& lock,
                             SteadyTime time) {
  std::uint64_t id = 0;
  {
    const MutexLock own_lock(mutex_);  // after the caller's mutex
    if (time <= now_) return;
    id = ++last_waiter_;
    waiters_.emplace(id, Waiter{.bell = &bell, .mutex = lock.mutex(), .time = time});
  }
  changed_.notify_all();
  bell.wait(lock);

  const MutexLock own_lock(mutex_);
  waiters_.erase(id);
}

void ManualClock::run_after(Duration delay, std::function<void()> action) {
  {
    const MutexLock lock(mutex_);
    actions_.emplace(now_ + delay, std::move(action));
  }
  changed_.notify_all();
}

void ManualClock::advance(Duration step) {
  const auto target = now() + step;
  while (run_next_action(target)) continue;
  move_to(target);
}

void ManualClock::wait_for_waiters(std::size_t count) {
  MutexLock lock(mutex_);
  while (waiters_.size() < count) changed_.wait(lock.native());
}

void ManualClock::wait_for_actions(std::size_t count) {
  MutexLock lock(mutex_);
  while (actions_.size() < count) changed_.wait(lock.native());
}

bool ManualClock::run_next_action(SteadyTime until) {
  std::function<void()> action;
  SteadyTime due;
  {
    const MutexLock lock(mutex_);
    if (actions_.empty() || actions_.begin()->first > until) return false;
    due = actions_.begin()->first;
    action = std::move(actions_.begin()->second);
    actions_.erase(actions_.begin());
  }
  move_to(due);
  action();
  return true;
}

void ManualClock::move_to(SteadyTime time) {
  {
    const MutexLock lock(mutex_);
    now_ = std::max(now_, time);
  }
  while (!wake_due_waiters()) std::this_thread::yield();
}

/// A waiter holds its mutex from before it is listed until it truly waits, so who can take it knows that the
/// bell will be heard. It is only tried, for the waiter takes the two mutexes in the other order.
bool ManualClock::wake_due_waiters() {
  bool all_woken = true;
  const MutexLock lock(mutex_);
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    const auto waiter = it++;
    if (waiter->second.time > now_) continue;
    if (!waiter->second.mutex->try_lock()) {
      all_woken = false;
      continue;
    }
    waiter->second.mutex->unlock();
    waiter->second.bell->notify_all();
    waiters_.erase(waiter);
  }
  return all_woken;
}

}  // namespace blobmount::tests
