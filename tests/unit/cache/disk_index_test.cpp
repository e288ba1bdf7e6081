#include "cache/disk_index.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::ElementsAre;

/// What a page and a side file cost.
constexpr std::uint64_t page_cost = page_size + sizeof(PageRecord);
constexpr std::uint64_t side_cost = 4096;

class DiskIndexTest : public testing::Test {
 protected:
  static DiskIdentity identity(const std::string& blob, std::uint64_t size = 4 * page_size) {
    return disk_identity("account", {.container = "c", .blob = blob, .etag = "e", .size = size});
  }

  static std::shared_ptr<DiskFile> closed_file() {
    return std::make_shared<DiskFile>(DiskIdentity{}, nullptr, nullptr);
  }

  [[nodiscard]] std::uint64_t charged() const { return budget.total() - budget.left_for_pages(); }

  std::vector<PageRun> runs(const DiskIdentity& of) { return index.plan(of, {0, 4}).runs; }

  MemoryBudget budget{64ULL << 20U};
  static constexpr std::size_t most_open = 16;
  DiskIndex index{budget, most_open};
  const DiskIdentity one = identity("one"), two = identity("two");
};

TEST_F(DiskIndexTest, KnowsThePagesThatWereWritten) {
  const auto entry = index.insert(one);
  index.wrote(entry, one, {1, 2});

  EXPECT_THAT(runs(one), ElementsAre(PageRun{{0, 1}, false}, PageRun{{1, 2}, true}, PageRun{{3, 1}, false}));
  EXPECT_THAT(runs(two), ElementsAre(PageRun{{0, 4}, false}));
}

TEST_F(DiskIndexTest, AVersionIsCompleteWithItsLastPage) {
  const auto entry = index.insert(one);
  EXPECT_FALSE(index.complete(one));
  index.wrote(entry, one, {1, 3});
  EXPECT_FALSE(index.complete(one));

  index.wrote(entry, one, {0, 1});

  EXPECT_TRUE(index.complete(one));
  EXPECT_FALSE(index.complete(two));
  EXPECT_TRUE(index.lost(entry, one, 3));
  EXPECT_FALSE(index.complete(one));
}

TEST_F(DiskIndexTest, CountsWhatTheFilesTake) {
  const auto short_one = identity("short", page_size + 1);
  const auto entry = index.insert(short_one);
  EXPECT_EQ(index.bytes(), side_cost);

  index.wrote(entry, short_one, {0, 1});
  index.wrote(entry, short_one, {0, 1});
  EXPECT_EQ(index.bytes(), side_cost + page_cost);

  index.wrote(entry, short_one, {1, 1});
  EXPECT_EQ(index.bytes(), side_cost + page_cost + 4096 + sizeof(PageRecord));

  EXPECT_TRUE(index.lost(entry, short_one, 1));
  EXPECT_FALSE(index.lost(entry, short_one, 1));
  EXPECT_EQ(index.bytes(), side_cost + page_cost);

  EXPECT_EQ(index.forget(entry), side_cost + page_cost);
  EXPECT_EQ(index.bytes(), 0U);
}

TEST_F(DiskIndexTest, WhatWasFoundCountsAsTheDiskSaysUntilItIsRead) {
  const auto short_one = identity("short", page_size + 1);
  index.found(short_one.name, 12345);
  EXPECT_EQ(index.bytes(), 12345U);

  PageSet pages;
  pages.insert(0);
  pages.insert(1);
  index.learn(index.find(short_one.name), short_one, std::move(pages));

  EXPECT_EQ(index.bytes(), side_cost + page_cost + 4096 + sizeof(PageRecord));
  EXPECT_TRUE(index.complete(short_one));
}

TEST_F(DiskIndexTest, AnUnreadVersionHasNoPagesYet) {
  index.found(one.name, 1);
  const auto entry = index.find(one.name);

  EXPECT_TRUE(index.unread(one.name));
  EXPECT_THAT(runs(one), ElementsAre(PageRun{{0, 4}, false}));
  EXPECT_FALSE(index.complete(one));

  PageSet pages;
  pages.insert(0);
  index.learn(entry, one, std::move(pages));

  EXPECT_FALSE(index.unread(one.name));
  EXPECT_THAT(runs(one), ElementsAre(PageRun{{0, 1}, true}, PageRun{{1, 3}, false}));
}

TEST_F(DiskIndexTest, WhatWasWrittenIsNotForgottenByALateReaderOfTheSideFile) {
  index.found(one.name, 1);
  const auto entry = index.find(one.name);
  index.learn(entry, one, PageSet{});
  index.wrote(entry, one, {0, 4});

  index.learn(entry, one, PageSet{});
  index.give_up(entry);

  EXPECT_TRUE(index.complete(one));
}

TEST_F(DiskIndexTest, AVersionWhoseFilesAreOfNoUseIsNobodys) {
  index.found(one.name, 1);
  const auto entry = index.find(one.name);

  index.give_up(entry);

  EXPECT_FALSE(index.unread(one.name));
  EXPECT_FALSE(index.is_of(entry, one));
  EXPECT_EQ(index.plan(one, {0, 4}).entry, nullptr);
  EXPECT_EQ(index.bytes(), 1U);
}

TEST_F(DiskIndexTest, AnotherVersionOfTheSameNameIsNotMistakenForIt) {
  index.wrote(index.insert(one), one, {0, 4});
  auto same_name = two;
  same_name.name = one.name;

  EXPECT_THAT(runs(same_name), ElementsAre(PageRun{{0, 4}, false}));
  EXPECT_FALSE(index.complete(same_name));
}

TEST_F(DiskIndexTest, TheLeastRecentlyUsedGoesFirst) {
  index.insert(one);
  index.insert(two);
  index.found(identity("three").name, 1);
  EXPECT_EQ(index.least_used(nullptr)->name, one.name);

  index.plan(one, {0, 1});

  EXPECT_EQ(index.least_used(nullptr)->name, two.name);
  index.forget(index.find(two.name));
  EXPECT_EQ(index.least_used(nullptr)->name, identity("three").name);
}

TEST_F(DiskIndexTest, WhatIsInUseGoesLastAndWhatIsToBeKeptNever) {
  const auto in_use = index.insert(one);
  const auto kept = index.insert(two);
  index.insert(identity("three"));

  const auto idle = index.least_used(kept);
  EXPECT_EQ(idle->name, identity("three").name);
  index.forget(idle);
  EXPECT_EQ(index.least_used(kept), in_use);
  index.forget(in_use);
  EXPECT_EQ(index.least_used(kept), nullptr);
}

TEST_F(DiskIndexTest, WhatWasForgottenHasNoEffect) {
  const auto entry = index.insert(one);
  index.forget(entry);
  const auto successor = index.insert(one);

  index.wrote(entry, one, {0, 4});
  index.keep_open(entry, closed_file());

  EXPECT_FALSE(index.lost(entry, one, 0));
  EXPECT_EQ(index.forget(entry), 0U);
  EXPECT_FALSE(index.complete(one));
  EXPECT_EQ(index.find(one.name), successor);
  EXPECT_EQ(index.file(entry), nullptr);
}

TEST_F(DiskIndexTest, FilesStayOpenUntilManyOthersHaveBeenUsedSince) {
  const auto entry = index.insert(one);
  const auto used = index.insert(identity("used"));
  index.keep_open(entry, closed_file());
  const auto kept = index.keep_open(used, closed_file());

  for (std::size_t i = 1; i < most_open; ++i) {
    EXPECT_EQ(index.file(used), kept);
    index.keep_open(index.insert(identity(std::to_string(i))), closed_file());
  }

  EXPECT_EQ(index.file(used), kept);
  EXPECT_EQ(index.file(entry), nullptr);
  EXPECT_EQ(index.open_files().size(), most_open);
}

TEST_F(DiskIndexTest, TwoWhoOpenTheSameFilesShareThoseOfTheFirst) {
  const auto entry = index.insert(one);
  const auto first = index.keep_open(entry, closed_file());

  EXPECT_EQ(index.keep_open(entry, closed_file()), first);
  EXPECT_EQ(index.open_files().size(), 1U);
}

TEST_F(DiskIndexTest, ManySmallVersionsTakeLittleMemoryAndAllOfItIsCharged) {
  constexpr std::uint64_t many = 100'000;
  std::vector<DiskIdentity> small;
  for (std::uint64_t i = 0; i < many; ++i) small.push_back(identity("small" + std::to_string(i), 4096));

  for (const auto& version : small) index.found(version.name, 8192);
  for (const auto& version : small) {
    PageSet pages;
    pages.insert(0);
    index.learn(index.find(version.name), version, std::move(pages));
  }

  EXPECT_TRUE(std::ranges::all_of(small, [this](const auto& version) { return index.complete(version); }));
  EXPECT_GE(charged(), many * sizeof(DiskRecord));
  EXPECT_LE(charged(), many * 64);
}

TEST_F(DiskIndexTest, PagesFarFromEachOtherAreChargedToo) {
  const auto huge = identity("huge", 5ULL << 40U);
  const auto entry = index.insert(huge);
  const auto before = charged();

  for (std::uint64_t i = 1; i <= 1000; ++i) index.wrote(entry, huge, {i * 50'000, 1});
  EXPECT_GE(charged() - before, 1000 * 64U);

  index.forget(entry);
  EXPECT_EQ(charged(), before);
}

TEST_F(DiskIndexTest, IsFullWhereItWouldTakeMoreThanAnEighthOfTheMemory) {
  MemoryBudget small_budget(1ULL << 20U);
  DiskIndex small(small_budget, most_open);
  std::size_t count = 0;
  for (; !small.full(); ++count) small.insert(identity(std::to_string(count), 4096));

  EXPECT_GE(count, (small_budget.total() / 8) / 64);
  EXPECT_LE(small_budget.total() - small_budget.left_for_pages(), small_budget.total() / 8);
  EXPECT_LE(count, small.most_versions());

  small.forget(small.least_used(nullptr));
  EXPECT_FALSE(small.full());
}

TEST_F(DiskIndexTest, TheFilesOfAForgottenVersionAreClosed) {
  const auto entry = index.insert(one);
  const std::weak_ptr<DiskFile> file = index.keep_open(entry, closed_file());

  index.forget(entry);

  EXPECT_TRUE(file.expired());
}

}  // namespace
}  // namespace blobmount
