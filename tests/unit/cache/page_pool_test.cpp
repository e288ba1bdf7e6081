#include "cache/page_pool.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace blobmount {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t pages = 16;

void fill(const PageBuffer& page, int value) { std::memset(page.get(), value, page_size); }

bool holds_only(const PageBuffer& page, int value) {
  return std::all_of(page.get(), page.get() + page_size,
                     [value](std::byte byte) { return byte == static_cast<std::byte>(value); });
}

/// Whether the system's memory stands behind the page at `address`.
bool is_resident(std::byte* address) {
  std::vector<unsigned char> resident(page_size / static_cast<std::size_t>(getpagesize()));
  EXPECT_EQ(mincore(address, page_size, resident.data()), 0);
  return std::any_of(resident.begin(), resident.end(), [](unsigned char one) { return (one & 1U) != 0; });
}

class PagePoolTest : public testing::Test {
 protected:
  std::vector<std::byte*> use_all() {
    std::vector<std::byte*> addresses;
    for (const auto& page : pool_.take(pages)) {
      fill(page, 0xAA);
      addresses.push_back(page.get());
    }
    return addresses;
  }

  MemoryBudget budget_{pages * page_size + 1};
  PagePool pool_{budget_};
};

TEST_F(PagePoolTest, GivesAsManyPagesAsTheBudgetHasRoomFor) {
  EXPECT_EQ(pool_.limit(), pages);
  EXPECT_EQ(pool_.available(), pages);

  const auto taken = pool_.take(pages);

  EXPECT_THAT(taken, SizeIs(pages));
  EXPECT_EQ(pool_.available(), 0U);
  EXPECT_THAT(pool_.take(1), IsEmpty());
}

TEST_F(PagePoolTest, GivesAllOrNothing) {
  const auto some = pool_.take(10);

  EXPECT_THAT(pool_.take(7), IsEmpty());
  EXPECT_EQ(pool_.available(), 6U);
  EXPECT_THAT(pool_.take(6), SizeIs(6));
  EXPECT_THAT(pool_.take(0), IsEmpty());
}

TEST_F(PagePoolTest, GivesEachPageToOneOnly) {
  const auto taken = pool_.take(pages);
  for (std::size_t i = 0; i < pages; ++i) fill(taken[i], static_cast<int>(i));

  for (std::size_t i = 0; i < pages; ++i) EXPECT_TRUE(holds_only(taken[i], static_cast<int>(i))) << i;
}

TEST_F(PagePoolTest, APageIsFreeAgainWhenItsLastReferenceHasGone) {
  auto taken = pool_.take(pages);
  auto reference = taken.front();
  taken.clear();
  EXPECT_EQ(pool_.available(), pages - 1);

  reference.reset();

  EXPECT_EQ(pool_.available(), pages);
}

TEST_F(PagePoolTest, HandsTheSameMemoryRound) {
  auto* const first = pool_.take(1).front().get();

  for (int i = 0; i < 100; ++i) EXPECT_EQ(pool_.take(1).front().get(), first);
}

TEST_F(PagePoolTest, WhatHasComeBackIsTakenBeforeFreshMemory) {
  std::set<std::byte*> addresses;
  for (int i = 0; i < 20; ++i)
    for (const auto& page : pool_.take(4)) addresses.insert(page.get());

  EXPECT_THAT(addresses, SizeIs(4));
}

TEST_F(PagePoolTest, ABudgetThatShrinksLimitsWhatIsTakenFromThenOn) {
  auto taken = pool_.take(10);
  const MemoryBudget::Charge listings(budget_, 8 * page_size);

  EXPECT_EQ(pool_.limit(), 8U);
  EXPECT_EQ(pool_.available(), 0U);
  EXPECT_THAT(pool_.take(1), IsEmpty());
  taken.resize(5);
  EXPECT_EQ(pool_.available(), 3U);
  EXPECT_THAT(pool_.take(3), SizeIs(3));
}

TEST_F(PagePoolTest, WhatComesBackToASmallerBudgetGoesBackToTheSystem) {
  auto taken = pool_.take(pages);
  std::vector<std::byte*> addresses;
  for (const auto& page : taken) {
    fill(page, 0xAA);
    addresses.push_back(page.get());
  }
  EXPECT_EQ(std::count_if(addresses.begin(), addresses.end(), is_resident), pages);
  const MemoryBudget::Charge listings(budget_, 12 * page_size);

  taken.clear();

  EXPECT_EQ(std::count_if(addresses.begin(), addresses.end(), is_resident), 4);
}

TEST_F(PagePoolTest, WhatLiesReadyGoesBackToTheSystemWhenTheBudgetHasShrunkAndPagesAreTaken) {
  const auto addresses = use_all();
  const MemoryBudget::Charge listings(budget_, 12 * page_size);

  for (std::size_t i = 0; i < pages; ++i) pool_.take(4);

  EXPECT_LE(std::count_if(addresses.begin(), addresses.end(), is_resident), 4);
}

TEST_F(PagePoolTest, WhatLiesReadyGoesBackToTheSystemWhenItIsTrimmed) {
  const auto addresses = use_all();
  const MemoryBudget::Charge listings(budget_, 12 * page_size);

  pool_.trim();

  EXPECT_EQ(std::count_if(addresses.begin(), addresses.end(), is_resident), 4);
}

TEST_F(PagePoolTest, WhatWentBackToTheSystemCanBeTakenAgain) {
  {
    std::optional<MemoryBudget::Charge> listings;
    auto taken = pool_.take(pages);
    for (const auto& page : taken) fill(page, 0xAA);
    listings.emplace(budget_, 12 * page_size);
    taken.clear();
  }

  const auto again = pool_.take(pages);

  ASSERT_THAT(again, SizeIs(pages));
  EXPECT_EQ(std::count_if(again.begin(), again.end(), [](const auto& page) { return holds_only(page, 0); }),
            12);
  for (const auto& page : again) fill(page, 0xBB);
  for (const auto& page : again) EXPECT_TRUE(holds_only(page, 0xBB));
}

TEST_F(PagePoolTest, ManyThreadsTakeAndGiveBack) {
  std::vector<std::jthread> threads;
  for (int thread = 1; thread <= 4; ++thread) {
    threads.emplace_back([this, thread] {
      std::mt19937 chance(static_cast<unsigned>(thread));
      for (int i = 0; i < 2000; ++i) {
        const std::optional<MemoryBudget::Charge> listings(std::in_place, budget_, chance() % 8 * page_size);
        const auto taken = pool_.take(1 + chance() % 4);
        for (const auto& page : taken) std::memset(page.get(), thread, 64);
        for (const auto& page : taken)
          EXPECT_TRUE(std::all_of(page.get(), page.get() + 64, [thread](std::byte byte) {
            return byte == static_cast<std::byte>(thread);
          }));
      }
    });
  }
  threads.clear();

  EXPECT_EQ(pool_.available(), pages);
  EXPECT_THAT(pool_.take(pages), SizeIs(pages));
}

}  // namespace
}  // namespace blobmount
