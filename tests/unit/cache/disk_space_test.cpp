#include "cache/disk_space.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cache/disk_claim.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

class DiskSpaceTest : public testing::Test {
 protected:
  std::unique_ptr<DiskStore> store_in(const std::string& path) {
    auto directory = claim_directory(path);
    auto opened = DiskStore::open(*std::move(directory), budget);
    return *std::move(opened);
  }

  /// As if that many pages had been written.
  SharedEntry make(const std::string& blob, std::uint64_t pages) {
    const auto identity = disk_identity("account", {"c", blob, "e", 100 * page_size});
    auto made = store->writable(identity);
    EXPECT_TRUE(made);
    store->index().wrote(made->entry, identity, {0, pages});
    return made->entry;
  }

  /// Whether there is room.
  bool make_room(std::uint64_t pages, const SharedEntry& keep) {
    const auto room = space.make_room(pages * page_size, keep);
    EXPECT_TRUE(room);
    return room && *room;
  }

  /// From now on its files cannot be removed.
  void nail(const SharedEntry& entry) const {
    const auto side = parent.path() / side_file(entry->name);
    std::filesystem::remove(side);
    std::filesystem::create_directory(side);
  }

  TemporaryDirectory parent;
  MemoryBudget budget{8000};  // of which the index may have what it takes for a dozen versions
  const std::unique_ptr<DiskStore> store = store_in(parent.path());
  DiskSpace space{*store, {.size = 11 * page_size, .free_space = 0, .waiting = 0}};
};

TEST_F(DiskSpaceTest, NothingIsEvictedWhileThereIsRoom) {
  make("one", 5);

  EXPECT_TRUE(make_room(5, nullptr));
  EXPECT_EQ(space.evicted(), 0U);
}

TEST_F(DiskSpaceTest, AsManyAsNeedBeAreEvicted) {
  for (const auto* blob : {"one", "two", "three"}) make(blob, 3);

  EXPECT_TRUE(make_room(7, nullptr));

  EXPECT_EQ(space.evicted(), 2U);
  EXPECT_LE(store->index().bytes(), 4 * page_size);
}

TEST_F(DiskSpaceTest, WhatIsToBeKeptIsKept) {
  const auto one = make("one", 3);
  make("two", 3);

  EXPECT_TRUE(make_room(6, one));

  EXPECT_EQ(space.evicted(), 1U);
  EXPECT_EQ(store->index().find(one->name), one);
}

TEST_F(DiskSpaceTest, ABlobLargerThanTheCacheDrivesOutNobodyOnceItCannotGrow) {
  const auto large = make("large", 8);
  make("other", 1);

  EXPECT_FALSE(make_room(4, large));

  EXPECT_EQ(space.evicted(), 0U);
}

TEST_F(DiskSpaceTest, AFileThatCannotBeRemovedIsNotInTheWayOfAllOthers) {
  const auto nailed = make("nailed", 3);
  const auto two = make("two", 3), three = make("three", 3);
  nail(nailed);

  EXPECT_TRUE(make_room(7, nullptr));

  EXPECT_EQ(space.evicted(), 2U);
  EXPECT_EQ(store->index().find(nailed->name), nailed) << "it takes its space";
  EXPECT_EQ(store->index().find(two->name), nullptr);
  EXPECT_EQ(store->index().find(three->name), nullptr);
}

TEST_F(DiskSpaceTest, WhereNothingCanBeRemovedThatIsTold) {
  for (const auto* blob : {"one", "two", "three"}) nail(make(blob, 3));

  EXPECT_FALSE(space.make_room(7 * page_size, nullptr));

  EXPECT_EQ(space.evicted(), 0U);
}

TEST_F(DiskSpaceTest, WhereTheIndexIsFullTheLeastUsedGo) {
  const auto most = store->index().most_versions();
  for (std::size_t i = 0; i < most; ++i) make(std::to_string(i), 0);

  EXPECT_TRUE(make_room(0, nullptr));

  EXPECT_EQ(space.evicted(), 1U);
  EXPECT_EQ(store->index().find(disk_identity("account", {"c", "0", "e", 100 * page_size}).name), nullptr);
  EXPECT_TRUE(make_room(0, nullptr));
  EXPECT_EQ(space.evicted(), 1U) << "there is room for the next one";
}

TEST_F(DiskSpaceTest, WhatIsEvictedIsRemoved) {
  make("one", 3);
  ASSERT_EQ(std::distance(std::filesystem::directory_iterator(parent.path()), {}), 3);

  EXPECT_TRUE(space.evict_one(nullptr));

  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(parent.path()), {}), 1) << "the lock";
  EXPECT_EQ(store->index().bytes(), 0U);
}

}  // namespace
}  // namespace blobmount::tests
