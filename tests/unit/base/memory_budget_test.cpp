#include "base/memory_budget.hpp"

#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

TEST(MemoryBudgets, AreForPagesUntilSomethingIsCharged) {
  const MemoryBudget budget(1000);

  EXPECT_EQ(budget.total(), 1000U);
  EXPECT_EQ(budget.left_for_pages(), 1000U);
}

TEST(MemoryBudgets, LeaveForPagesWhatIsNotCharged) {
  MemoryBudget budget(1000);
  const MemoryBudget::Charge first(budget, 100);
  {
    const MemoryBudget::Charge second(budget, 250);
    EXPECT_EQ(budget.left_for_pages(), 650U);
  }

  EXPECT_EQ(budget.left_for_pages(), 900U);
  EXPECT_EQ(budget.total(), 1000U);
}

TEST(MemoryBudgets, LeaveAQuarterForPagesWhateverIsCharged) {
  for (const std::uint64_t charged : {750ULL, 751ULL, 1000ULL, 1001ULL, 1ULL << 60U}) {
    MemoryBudget budget(1000);
    const MemoryBudget::Charge charge(budget, charged);
    EXPECT_EQ(budget.left_for_pages(), 250U) << charged;
  }
}

TEST(MemoryBudgets, ComeBackFromMoreThanTheyHave) {
  MemoryBudget budget(1000);
  auto much = std::make_unique<MemoryBudget::Charge>(budget, 5000);
  const MemoryBudget::Charge little(budget, 10);

  much.reset();

  EXPECT_EQ(budget.left_for_pages(), 990U);
}

TEST(MemoryBudgets, TellEachMebibyteThatTheyShrinkBy) {
  MemoryBudget budget(1000);
  int told = 0;
  budget.on_growth([&told] { ++told; });
  MemoryBudget::Charge charge(budget);

  for (std::uint64_t size = 1; size <= 8; ++size) charge.resize(size << 19U);
  EXPECT_EQ(told, 4);
  charge.resize(0);
  EXPECT_EQ(told, 4);
  charge.resize(1U << 20U);
  EXPECT_EQ(told, 5) << "again, after it had grown";
}

TEST(MemoryBudgets, AreChargedByManyThreads) {
  MemoryBudget budget(1000);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&budget] {
      for (int i = 0; i < 10'000; ++i) {
        const MemoryBudget::Charge charge(budget, 100);
        EXPECT_LE(budget.left_for_pages(), 900U);
        EXPECT_GE(budget.left_for_pages(), 600U);
      }
    });
  }
  threads.clear();

  EXPECT_EQ(budget.left_for_pages(), 1000U);
}

TEST(MemoryBudgets, TellWhenMuchIsGivenBack) {
  constexpr std::uint64_t mib = 1ULL << 20U;
  MemoryBudget budget(1000 * mib);
  int told = 0;
  budget.on_shrinking([&told] { ++told; });
  MemoryBudget::Charge charge(budget, 100 * mib);

  charge.resize(90 * mib);
  EXPECT_EQ(told, 0) << "that is little";
  charge.resize(84 * mib);
  EXPECT_EQ(told, 1);
  charge.resize(70 * mib);
  EXPECT_EQ(told, 1) << "that is little again";
  charge.resize(200 * mib);
  charge.resize(0);
  EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace blobmount
