#include "tree/snapshot_shelf.hpp"

#include <gtest/gtest.h>

namespace blobmount {
namespace {

constexpr int entries = 1000;

SharedSnapshot snapshot_of(int count) {
  BlobPage page;
  for (int i = 0; i < count; ++i)
    page.blobs.push_back({.name = "a-name-that-is-not-short-" + std::to_string(i)});
  SnapshotBuilder builder("");
  builder.add(page);
  return std::make_shared<const DirectorySnapshot>(std::move(builder).finish({}, {}));
}

TEST(SnapshotShelf, CountsWhatItKeepsInTheBudget) {
  MemoryBudget budget(64U << 20U);
  SnapshotShelf shelf(budget);
  const auto snapshot = snapshot_of(entries);

  shelf.keep(snapshot);

  EXPECT_EQ(budget.left_for_pages(), budget.total() - snapshot->footprint());
  EXPECT_GT(snapshot->footprint(), entries * sizeof(KnownEntry));
}

TEST(SnapshotShelf, KeepsNothingThatWasDropped) {
  MemoryBudget budget(64U << 20U);
  SnapshotShelf shelf(budget);
  auto snapshot = snapshot_of(entries);
  const std::weak_ptr<const DirectorySnapshot> watched = snapshot;
  shelf.keep(snapshot);

  shelf.drop(std::exchange(snapshot, nullptr));

  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(budget.left_for_pages(), budget.total());
}

TEST(SnapshotShelf, LetsTheOldestGoWhereThereIsNoRoom) {
  const auto footprint = snapshot_of(entries)->footprint();
  MemoryBudget budget(5 * footprint);  // half of it holds two
  SnapshotShelf shelf(budget);
  std::vector<std::weak_ptr<const DirectorySnapshot>> watched;

  for (int i = 0; i < 3; ++i) {
    const auto snapshot = snapshot_of(entries);
    watched.emplace_back(snapshot);
    shelf.keep(snapshot);
  }

  EXPECT_TRUE(watched[0].expired());
  EXPECT_FALSE(watched[1].expired());
  EXPECT_FALSE(watched[2].expired());
}

TEST(SnapshotShelf, KeepsTheLatestHoweverLarge) {
  MemoryBudget budget(1024);
  SnapshotShelf shelf(budget);
  const std::weak_ptr<const DirectorySnapshot> watched = [&] {
    auto snapshot = snapshot_of(entries);
    shelf.keep(snapshot);
    return snapshot;
  }();

  EXPECT_FALSE(watched.expired());
}

TEST(SnapshotShelf, LeavesToReadersWhatTheyRead) {
  MemoryBudget budget(1024);
  SnapshotShelf shelf(budget);
  const auto being_read = snapshot_of(entries);
  shelf.keep(being_read);

  shelf.keep(snapshot_of(entries));

  EXPECT_EQ(being_read->entries().size(), static_cast<std::size_t>(entries));
}

}  // namespace
}  // namespace blobmount
