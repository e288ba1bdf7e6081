#include "fakes/manual_clock.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(ManualClock, MovesBothTimesOnlyWhenTold) {
  ManualClock clock;
  const auto steady = clock.now();
  const auto wall = clock.wall_now();

  clock.advance(5s);

  EXPECT_EQ(clock.now() - steady, 5s);
  EXPECT_EQ(clock.wall_now() - wall, 5s);
}

TEST(ManualClock, RunsDueActionsInOrderEachAtItsTime) {
  std::vector<SteadyTime::duration> times;
  ManualClock clock;
  const auto start = clock.now();
  clock.run_after(3s, [&] { times.push_back(clock.now() - start); });
  clock.run_after(1s, [&] {
    times.push_back(clock.now() - start);
    clock.run_after(1s, [&] { times.push_back(clock.now() - start); });
  });
  clock.run_after(60s, [&] { times.push_back(60s); });

  clock.advance(10s);

  EXPECT_THAT(times, ElementsAre(1s, 2s, 3s));
}

TEST(ManualClock, RunsWhatIsPendingWhenItGoes) {
  bool ran = false;
  {
    ManualClock clock;
    clock.run_after(1h, [&] { ran = true; });
  }
  EXPECT_TRUE(ran);
}

TEST(ManualClock, WakesEveryWaiterWhoseTimeHasCome) {
  ManualClock clock;
  std::mutex mutex;
  std::condition_variable_any bell;
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([&clock, &mutex, &bell, deadline = clock.now() + 1s * i] {
      std::unique_lock lock(mutex);
      while (clock.now() < deadline) clock.wait_until(bell, lock, deadline);
    });
  }
  clock.wait_for_waiters(9);

  for (int i = 0; i < 10; ++i) clock.advance(1s);

  for (auto& thread : threads) thread.join();
}

TEST(ManualClock, ANotificationWakesAWaiterBeforeItsTime) {
  ManualClock clock;
  std::mutex mutex;
  std::condition_variable_any bell;
  bool rung = false;
  std::thread waiter([&] {
    std::unique_lock lock(mutex);
    while (!rung) clock.wait_until(bell, lock, SteadyTime::max());
  });
  clock.wait_for_waiters();

  {
    const std::lock_guard lock(mutex);
    rung = true;
  }
  bell.notify_all();

  waiter.join();
}

}  // namespace
}  // namespace blobmount::tests
