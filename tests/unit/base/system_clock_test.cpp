#include "base/system_clock.hpp"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::chrono_literals;

TEST(SystemClock, ShowsTheTimeOfTheMachine) {
  SystemClock clock;

  const auto steady = std::chrono::steady_clock::now();
  const auto wall = std::chrono::system_clock::now();

  EXPECT_LE(steady, clock.now());
  EXPECT_LT(clock.now() - steady, 10s);
  EXPECT_LT(std::chrono::abs(clock.wall_now() - wall), 10s);
}

TEST(SystemClock, AWaitEndsAtItsTime) {
  SystemClock clock;
  std::mutex mutex;
  std::condition_variable_any bell;
  const auto time = clock.now() + 20ms;

  std::unique_lock lock(mutex);
  while (clock.now() < time) clock.wait_until(bell, lock, time);

  EXPECT_TRUE(lock.owns_lock());
}

TEST(SystemClock, AWaitEndsWithTheBell) {
  SystemClock clock;
  std::mutex mutex;
  std::condition_variable_any bell;
  bool rung = false;

  std::thread ringer([&] {
    const std::lock_guard lock(mutex);
    rung = true;
    bell.notify_all();
  });
  std::unique_lock lock(mutex);
  while (!rung) clock.wait_until(bell, lock, clock.now() + 1h);
  lock.unlock();

  ringer.join();
}

}  // namespace
}  // namespace blobmount
