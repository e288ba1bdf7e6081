#include "app/warm_queue.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "support/eventually.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = 1U << 20U;

WarmJob job_of(const std::string& path, std::uint64_t size = 1) {
  WarmJob job;
  job.path = path;
  job.size = size;
  return job;
}

TEST(WarmQueue, IsOverWhenAllHaveFinished) {
  WarmQueue queue;
  ASSERT_TRUE(queue.add(job_of("a")));
  ASSERT_TRUE(queue.add(job_of("b")));
  queue.no_more();

  EXPECT_EQ(queue.next_to_read()->path, "a");
  queue.finished();
  queue.settle(*queue.next_to_read());
  auto settling = queue.next_to_settle();
  ASSERT_EQ(settling.size(), 1U);
  EXPECT_EQ(settling.front().path, "b");
  queue.read_again(std::move(settling.front()));
  EXPECT_EQ(queue.next_to_read()->path, "b");
  queue.finished();

  EXPECT_FALSE(queue.next_to_read());
  EXPECT_TRUE(queue.next_to_settle().empty());
}

TEST(WarmQueue, WaitsForWhatIsHandedOut) {
  WarmQueue queue;
  ASSERT_TRUE(queue.add(job_of("a")));
  queue.no_more();
  auto job = queue.next_to_read();
  std::atomic<bool> over{false};
  std::thread reader([&] {
    const auto again = queue.next_to_read();
    EXPECT_TRUE(again);
    queue.finished();
    over = true;
  });

  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(over);
  queue.read_again(*std::move(job));

  reader.join();
}

TEST(WarmQueue, TheWalkWaitsForTheReaders) {
  WarmQueue queue;
  std::atomic<std::uint64_t> added{0};
  std::thread walk([&] {
    while (queue.add(job_of("a"))) ++added;
  });
  EXPECT_TRUE(eventually(30s, [&] { return added >= 4096; }));
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(added, 4096U);

  (void)queue.next_to_read();

  EXPECT_TRUE(eventually(10s, [&] { return added == 4097; }));
  queue.stop();
  walk.join();
}

TEST(WarmQueue, ReadersWaitForTheDisk) {
  WarmQueue queue;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue.add(job_of(std::to_string(i), 100 * mib)));
  for (int i = 0; i < 2; ++i) queue.settle(*queue.next_to_read());
  std::atomic<bool> read{false};
  std::thread reader([&] { read = queue.next_to_read().has_value(); });

  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(read);
  auto settling = queue.next_to_settle();
  EXPECT_EQ(settling.size(), 2U);

  reader.join();
  EXPECT_TRUE(read);
}

TEST(WarmQueue, WakesAllWhenItIsStopped) {
  WarmQueue queue;
  std::thread reader([&] { EXPECT_FALSE(queue.next_to_read()); });
  std::thread settler([&] { EXPECT_TRUE(queue.next_to_settle().empty()); });

  EXPECT_TRUE(queue.stop());

  reader.join();
  settler.join();
  EXPECT_FALSE(queue.stop());
  EXPECT_FALSE(queue.add(job_of("a")));
}

}  // namespace
}  // namespace blobmount::tests
