#include "tree/snapshot_shelf.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::chrono_literals;

constexpr int entries = 1000;

SharedSnapshot snapshot_of(MemoryBudget& budget, int count, SteadyTime asked = {}) {
  BlobPage page;
  for (int i = 0; i < count; ++i)
    page.blobs.push_back({.name = "a-name-that-is-not-short-" + std::to_string(10'000 + i)});
  auto snapshot = std::make_shared<DirectorySnapshot>(budget, "", asked);
  snapshot->add(page, asked);
  snapshot->finish();
  return snapshot;
}

const Location here{"docs", "a/"};

TEST(SnapshotShelf, FindsWhatItKeepsByItsPlace) {
  MemoryBudget budget(64U << 20U);
  SnapshotShelf shelf(budget);
  const auto snapshot = snapshot_of(budget, 1);

  shelf.keep(here, snapshot);

  EXPECT_EQ(shelf.find(here), snapshot);
  for (const auto& elsewhere : {Location{"docs", ""}, Location{"docs", "a/b/"}, Location{"doc", "sa/"},
                                Location{"photos", "a/"}, Location{}})
    EXPECT_EQ(shelf.find(elsewhere), nullptr) << elsewhere.to_string();
}

TEST(SnapshotShelf, KeepsTheLatestOfAPlaceOnly) {
  MemoryBudget budget(64U << 20U);
  SnapshotShelf shelf(budget);
  auto old = snapshot_of(budget, entries);
  const std::weak_ptr<DirectorySnapshot> watched = old;
  shelf.keep(here, std::exchange(old, nullptr));
  const auto fresh = snapshot_of(budget, entries);

  shelf.keep(here, fresh);

  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(shelf.find(here), fresh);
}

TEST(SnapshotShelf, KeepsAYoungerOneRatherThanOneThatIsReadyLater) {
  MemoryBudget budget(64U << 20U);
  SnapshotShelf shelf(budget);
  const auto old = snapshot_of(budget, 1, SteadyTime{1s}), fresh = snapshot_of(budget, 1, SteadyTime{2s});

  EXPECT_EQ(shelf.keep(here, fresh), std::optional(SharedSnapshot()));
  EXPECT_EQ(shelf.keep(here, old), std::nullopt);

  EXPECT_EQ(shelf.find(here), fresh);
}

TEST(SnapshotShelf, KeepsNothingThatWasAskedForBeforeADrop) {
  MemoryBudget budget(64U << 20U);
  SnapshotShelf shelf(budget);
  const auto before = snapshot_of(budget, 1, SteadyTime{1s}), after = snapshot_of(budget, 1, SteadyTime{3s});

  shelf.drop_below(here, SteadyTime{2s});

  EXPECT_EQ(shelf.keep(here, before), std::nullopt);
  EXPECT_EQ(shelf.find(here), nullptr);
  EXPECT_TRUE(shelf.keep(here, after));
  EXPECT_EQ(shelf.find(here), after);
}

TEST(SnapshotShelf, CountsWhatItKeepsInTheBudget) {
  MemoryBudget budget(64U << 20U);
  SnapshotShelf shelf(budget);
  auto snapshot = snapshot_of(budget, entries);
  const auto footprint = snapshot->footprint();

  shelf.keep(here, std::exchange(snapshot, nullptr));

  EXPECT_EQ(budget.left_for_pages(), budget.total() - footprint);
  EXPECT_GT(footprint, entries * 40U);
}

TEST(SnapshotShelf, KeepsNothingThatWasDropped) {
  MemoryBudget budget(64U << 20U);
  SnapshotShelf shelf(budget);
  auto snapshot = snapshot_of(budget, entries);
  const std::weak_ptr<DirectorySnapshot> watched = snapshot;
  shelf.keep(here, std::exchange(snapshot, nullptr));

  shelf.drop(here);
  shelf.drop(here);

  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(shelf.find(here), nullptr);
  EXPECT_EQ(budget.left_for_pages(), budget.total());
}

TEST(SnapshotShelf, DropsWhatIsBelowAPlaceAndNothingBesideIt) {
  MemoryBudget budget(64U << 20U);
  SnapshotShelf shelf(budget);
  const std::vector<Location> below{{"docs", "a/"}, {"docs", "a/b/"}, {"docs", "a/b/c/"}};
  const std::vector<Location> beside{{"docs", ""}, {"docs", "a-1/"}, {"docs", "ab/"}, {"docs2", "a/"}, {}};
  for (const auto* places : {&below, &beside}) {
    for (const auto& place : *places) shelf.keep(place, snapshot_of(budget, 1));
  }

  shelf.drop_below(here, {});

  for (const auto& place : below) EXPECT_EQ(shelf.find(place), nullptr) << place.to_string();
  for (const auto& place : beside) EXPECT_NE(shelf.find(place), nullptr) << place.to_string();
}

TEST(SnapshotShelf, DropsWhatIsBelowAContainerOrTheAccount) {
  MemoryBudget budget(64U << 20U);
  SnapshotShelf shelf(budget);
  const std::vector<Location> all{{}, {"docs", ""}, {"docs", "a/"}, {"docs2", ""}};
  for (const auto& place : all) shelf.keep(place, snapshot_of(budget, 1));

  shelf.drop_below({"docs", ""}, {});
  EXPECT_EQ(shelf.find({"docs", ""}), nullptr);
  EXPECT_EQ(shelf.find({"docs", "a/"}), nullptr);
  EXPECT_NE(shelf.find({"docs2", ""}), nullptr);
  EXPECT_NE(shelf.find({}), nullptr);

  shelf.drop_below({}, {});
  for (const auto& place : all) EXPECT_EQ(shelf.find(place), nullptr) << place.to_string();
}

TEST(SnapshotShelf, LetsTheOldestGoWhereThereIsNoRoom) {
  MemoryBudget measure(64U << 20U);
  const auto footprint = snapshot_of(measure, entries)->footprint();
  MemoryBudget budget(5 * footprint);  // half of it holds two
  SnapshotShelf shelf(budget);
  std::vector<std::weak_ptr<DirectorySnapshot>> watched;

  for (const auto* container : {"one", "two", "three"}) {
    const auto snapshot = snapshot_of(budget, entries);
    watched.emplace_back(snapshot);
    shelf.keep({container, ""}, snapshot);
  }

  EXPECT_TRUE(watched[0].expired());
  EXPECT_FALSE(watched[1].expired());
  EXPECT_FALSE(watched[2].expired());
}

TEST(SnapshotShelf, KeepsWhatWasUsedOfLate) {
  MemoryBudget measure(64U << 20U);
  const auto footprint = snapshot_of(measure, entries)->footprint();
  MemoryBudget budget(5 * footprint);  // half of it holds two
  SnapshotShelf shelf(budget);
  shelf.keep({"one", ""}, snapshot_of(budget, entries));
  shelf.keep({"two", ""}, snapshot_of(budget, entries));
  ASSERT_NE(shelf.find({"one", ""}), nullptr);

  shelf.keep({"three", ""}, snapshot_of(budget, entries));

  EXPECT_NE(shelf.find({"one", ""}), nullptr);
  EXPECT_EQ(shelf.find({"two", ""}), nullptr);
}

TEST(SnapshotShelf, KeepsTheLatestHoweverLarge) {
  MemoryBudget budget(1024);
  SnapshotShelf shelf(budget);
  const std::weak_ptr<DirectorySnapshot> watched = [&] {
    auto snapshot = snapshot_of(budget, entries);
    shelf.keep(here, snapshot);
    return snapshot;
  }();

  EXPECT_FALSE(watched.expired());
}

TEST(SnapshotShelf, LeavesToReadersWhatTheyRead) {
  MemoryBudget budget(1024);
  SnapshotShelf shelf(budget);
  const auto being_read = snapshot_of(budget, entries);
  shelf.keep(here, being_read);

  shelf.keep({"docs", "b/"}, snapshot_of(budget, entries));

  EXPECT_EQ(shelf.find(here), nullptr);
  EXPECT_EQ(being_read->shown(), static_cast<std::size_t>(entries));
}

}  // namespace
}  // namespace blobmount
