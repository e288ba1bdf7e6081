#include "base/worker_pool.hpp"

#include <atomic>
#include <future>
#include <latch>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::ElementsAre;

TEST(WorkerPool, EveryTaskRunsOnce) {
  std::vector<std::atomic<int>> runs(1000);
  WorkerPool pool("test", 4);

  for (auto& run : runs) pool.submit([&run] { ++run; });
  pool.stop();

  for (const auto& run : runs) EXPECT_EQ(run, 1);
}

TEST(WorkerPool, TasksOfManyThreadsAllRun) {
  std::atomic<int> runs{0};
  WorkerPool pool("test", 2);

  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      for (int k = 0; k < 250; ++k) pool.submit([&runs] { ++runs; });
    });
  }
  for (auto& client : clients) client.join();
  pool.stop();

  EXPECT_EQ(runs, 1000);
}

TEST(WorkerPool, OneThreadKeepsTheOrderOfArrival) {
  std::vector<int> order;
  WorkerPool pool("test", 1);

  for (int i = 0; i < 4; ++i) pool.submit([&order, i] { order.push_back(i); });
  pool.stop();

  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3));
}

TEST(WorkerPool, TasksRunSideBySide) {
  std::latch both(2);
  WorkerPool pool("test", 2);

  for (int i = 0; i < 2; ++i) pool.submit([&both] { both.arrive_and_wait(); });

  pool.stop();
  EXPECT_TRUE(both.try_wait());
}

TEST(WorkerPool, ATaskMaySubmitAnother) {
  std::promise<std::thread::id> inner;
  WorkerPool pool("test", 1);

  pool.submit([&] { pool.submit([&] { inner.set_value(std::this_thread::get_id()); }); });

  EXPECT_NE(inner.get_future().get(), std::this_thread::get_id());
}

TEST(WorkerPool, StopWaitsForWhatTasksSubmitWhileItWaits) {
  std::atomic<int> runs{0};
  std::promise<void> stopping;
  WorkerPool pool("test", 2);
  pool.submit([&, stop = stopping.get_future().share()] {
    stop.wait();
    for (int i = 0; i < 10; ++i) pool.submit([&runs] { ++runs; });
  });
  for (int i = 0; i < 10; ++i) pool.submit([&runs] { ++runs; });

  std::thread stopper([&pool] { pool.stop(); });
  stopping.set_value();
  stopper.join();

  EXPECT_EQ(runs, 20);
}

TEST(WorkerPool, AfterTheStopTasksRunAtOnceWhereTheyAreSubmitted) {
  WorkerPool pool("test", 2);
  pool.stop();

  std::thread::id where;
  pool.submit([&where] { where = std::this_thread::get_id(); });

  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(WorkerPool, MayBeStoppedTwice) {
  WorkerPool pool("test", 2);

  pool.stop();
  pool.stop();
}

TEST(WorkerPool, TheDestructorRunsWhatWasSubmitted) {
  std::atomic<int> runs{0};

  {
    WorkerPool pool("test", 1);
    for (int i = 0; i < 100; ++i) pool.submit([&runs] { ++runs; });
  }

  EXPECT_EQ(runs, 100);
}

}  // namespace
}  // namespace blobmount
