#include "fuse/handle_table.hpp"

#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

TEST(Handles, LeadToWhatIsOpen) {
  HandleTable<int> table;

  const auto one = table.insert(std::make_shared<int>(1));
  const auto two = table.insert(std::make_shared<int>(2));

  EXPECT_EQ(*table.find(one), 1);
  EXPECT_EQ(*table.find(two), 2);
}

TEST(Handles, AreNeverUsedTwice) {
  HandleTable<int> table;
  const auto first = table.insert(std::make_shared<int>(1));
  table.erase(first);

  EXPECT_NE(table.insert(std::make_shared<int>(1)), first);
}

TEST(Handles, OwnWhatIsOpenUntilItIsClosed) {
  HandleTable<int> table;
  auto open = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = open;
  const auto handle = table.insert(std::move(open));

  auto in_use = table.find(handle);
  table.erase(handle);
  EXPECT_FALSE(watch.expired());
  in_use.reset();

  EXPECT_TRUE(watch.expired());
}

TEST(Handles, EndWithTheirTable) {
  const auto open = std::make_shared<int>(1);
  { HandleTable<int>().insert(open); }

  EXPECT_EQ(open.use_count(), 1);
}

TEST(Handles, AreClosedWithNoLockHeld) {
  struct CallsBack {
    std::function<void()> at_end;
    ~CallsBack() { at_end(); }
  };
  HandleTable<CallsBack> table;
  const auto other = table.insert(std::make_shared<CallsBack>(CallsBack{[] {}}));
  bool called = false;
  auto closing = std::make_shared<CallsBack>();
  closing->at_end = [&] { called = table.find(other) != nullptr; };
  const auto handle = table.insert(std::move(closing));

  table.erase(handle);

  EXPECT_TRUE(called);
}

TEST(Handles, CanBeUsedByManyThreads) {
  HandleTable<int> table;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&table, i] {
      for (int round = 0; round < 500; ++round) {
        const auto handle = table.insert(std::make_shared<int>(i));
        EXPECT_EQ(*table.find(handle), i);
        table.erase(handle);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace blobmount
