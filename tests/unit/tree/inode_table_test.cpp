#include "tree/inode_table.hpp"

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/fake_blob_store.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"

namespace blobmount {
namespace {

class Inodes : public testing::Test {
 protected:
  std::shared_ptr<Directory> directory_at(Location where, InodeId inode = 4711) {
    return std::make_shared<Directory>(context_, inode, std::move(where));
  }

  SharedNode look_up(const std::shared_ptr<Directory>& parent, const KnownEntry& entry) {
    return table_.look_up(parent, entry);
  }
  SharedNode look_up(const KnownEntry& entry) { return look_up(root_, entry); }
  KnownEntry file_called(const std::string& name) const {
    auto file = file_;
    file.name = name;
    return file;
  }
  std::vector<InodeId> oldest(std::size_t count, bool idle_directories = false) {
    std::vector<InodeId> inodes;
    for (const auto& node : table_.take_oldest(count, idle_directories)) inodes.push_back(node->id);
    return inodes;
  }

  tests::ManualClock clock_;
  tests::RecordingLog log_;
  MemoryBudget budget_{64U << 20U};
  SnapshotShelf snapshots_{budget_};
  tests::FakeBlobStore store_;
  ContainerFilter containers_{{}};
  Walks walks_{store_,
               snapshots_,
               containers_,
               budget_,
               clock_,
               {"docs", ""},
               [](const Location&, const SharedSnapshot&, const DirectorySnapshot&) {}};
  const DirectoryContext context_{store_, snapshots_, walks_, containers_, budget_, clock_, log_};
  InodeTable table_{budget_,
                    [this](InodeId inode, Location where) { return directory_at(std::move(where), inode); },
                    {"docs", ""}};
  const std::shared_ptr<Directory> root_ = table_.find(root_inode)->directory;
  const KnownEntry file_{.name = "a", .size = 5, .etag = "\"1\""};
};

TEST_F(Inodes, KnowTheRootWithoutBeingAskedAndForever) {
  table_.forget(root_inode, 1000);

  const auto root = table_.find(root_inode);
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(root->id, root_inode);
  ASSERT_TRUE(root->is_directory());
  EXPECT_EQ(root->directory->inode(), root_inode);
  EXPECT_EQ(root->directory->where().to_string(), "docs/");
  EXPECT_EQ(root->parent, nullptr);
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(Inodes, AreTheSameAsLongAsTheKernelKnowsThem) {
  const auto first = look_up(file_);
  const auto second = look_up(file_);

  EXPECT_EQ(first, second);
  EXPECT_EQ(table_.find(first->id), first);
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(Inodes, AreCountedAsTheKernelCounts) {
  const auto id = look_up(file_)->id;
  look_up(file_);
  look_up(file_);

  table_.forget(id, 2);
  EXPECT_NE(table_.find(id), nullptr);
  table_.forget(id, 1);
  EXPECT_EQ(table_.find(id), nullptr);
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(Inodes, AreNeverUsedTwice) {
  const auto before = look_up(file_)->id;
  table_.forget(before, 1);

  const auto after = look_up(file_)->id;

  EXPECT_GT(after, before);
  EXPECT_EQ(table_.find(before), nullptr);
}

TEST_F(Inodes, SurviveThatMoreIsGivenBackThanWasTaken) {
  const auto id = look_up(file_)->id;

  table_.forget(id, 1'000'000);
  table_.forget(id, 1);
  table_.forget(4711, 1);

  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(Inodes, StandForOneVersionOfABlob) {
  auto overwritten = file_;
  overwritten.etag = "\"2\"";

  const auto first = look_up(file_);
  const auto second = look_up(overwritten);
  table_.forget(second->id, 1);

  EXPECT_NE(first->id, second->id);
  EXPECT_EQ(table_.find(first->id), first);
}

TEST_F(Inodes, OfADirectoryAreOfItsPlaceAndNotOfItsTime) {
  const auto without_time = look_up(directory_entry("d"));
  const auto with_time = look_up(directory_entry("d", WallTime{std::chrono::hours{1}}));

  EXPECT_EQ(with_time, without_time);
  ASSERT_TRUE(without_time->is_directory());
  EXPECT_EQ(without_time->directory->where().path, "d/");
  EXPECT_EQ(without_time->directory->inode(), without_time->id);
}

TEST_F(Inodes, OfDifferentPlacesAreDifferent) {
  const auto account = directory_at({});
  const auto sub = directory_at({"docs", "a/"});

  const std::vector<InodeId> ids{look_up(file_)->id, look_up(directory_entry("a"))->id,
                                 look_up(sub, file_)->id, look_up(account, directory_entry("docs"))->id,
                                 look_up(account, directory_entry("a"))->id};

  EXPECT_EQ(std::set<InodeId>(ids.begin(), ids.end()).size(), ids.size());
  EXPECT_EQ(table_.size(), ids.size());
}

TEST_F(Inodes, OfAContainerHaveItsBlobsBelow) {
  const auto container = look_up(directory_at({}), directory_entry("photos"));

  ASSERT_TRUE(container->is_directory());
  EXPECT_EQ(container->directory->where().container, "photos");
  EXPECT_EQ(container->directory->where().path, "");
}

TEST_F(Inodes, StayUsableWhereTheyAreHeldThoughForgotten) {
  const auto node = look_up(directory_at({"docs", "sub/"}), file_);

  table_.forget(node->id, 1);

  EXPECT_EQ(node->entry, file_);
  EXPECT_EQ(node->parent->where().path, "sub/");
}

TEST_F(Inodes, CanBeLookedUpAndForgottenByManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int round = 0; round < 500; ++round) {
        const auto file = look_up(file_);
        const auto directory = look_up(directory_entry("d"));
        EXPECT_EQ(table_.find(file->id), file);
        table_.forget(file->id, 1);
        table_.forget(directory->id, 1);
      }
    });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(Inodes, AreOfTheirPlaceWhicheverDirectoryObjectStandsForIt) {
  const auto once = look_up(directory_at({"docs", "a/"}), file_);
  const auto again = look_up(directory_at({"docs", "a/"}), file_);

  EXPECT_EQ(once, again);
}

TEST_F(Inodes, TakeFromTheBudgetAndGiveBack) {
  const auto before = budget_.left_for_pages();
  std::vector<InodeId> inodes;
  for (int i = 0; i < 1000; ++i) inodes.push_back(look_up(file_called(std::to_string(i)))->id);
  EXPECT_LE(budget_.left_for_pages(), before - 1000 * 300);

  for (const auto inode : inodes) table_.forget(inode, 1);

  EXPECT_EQ(budget_.left_for_pages(), before);
}

TEST_F(Inodes, OfFilesAreTakenOldestFirstAndFromCallToCallTheNext) {
  std::vector<InodeId> files;
  for (const auto* name : {"1", "2", "3", "4", "5"}) {
    files.push_back(look_up(file_called(name))->id);
    look_up(directory_entry(name));
  }

  EXPECT_EQ(oldest(2), (std::vector{files[0], files[1]}));
  EXPECT_EQ(oldest(2), (std::vector{files[2], files[3]}));
  table_.forget(files[4], 1);
  table_.forget(files[0], 1);
  EXPECT_EQ(oldest(2), (std::vector{files[1], files[2]}));  // round the corner
}

TEST_F(Inodes, OfFilesAreTakenOnceEachWhereThereAreFewer) {
  look_up(directory_entry("d"));
  const auto file = look_up(file_)->id;

  EXPECT_EQ(oldest(1000), std::vector{file});
  EXPECT_EQ(table_.size(), 2U);  // that the kernel is to forget them does not make it forget
}

TEST_F(Inodes, OfDirectoriesAreTakenWhereNobodyIsInThem) {
  const auto idle = look_up(directory_entry("idle"))->id;
  const auto open = look_up(directory_entry("open"))->directory;
  const auto parent = look_up(directory_entry("parent"));
  const auto file = look_up(parent->directory, file_)->id;

  EXPECT_EQ(oldest(10, true), (std::vector{idle, file}));

  table_.forget(file, 1);
  EXPECT_EQ(oldest(10, true), (std::vector{idle, parent->id}));
}

TEST_F(Inodes, OfDirectoriesTakeMoreMemoryThanThoseOfFiles) {
  look_up(file_);
  const auto of_a_file = table_.footprint();
  const auto directory = look_up(directory_entry("d"))->id;
  const auto of_both = table_.footprint();

  EXPECT_EQ(of_a_file.directories, 0U);
  EXPECT_EQ(of_both.total, of_a_file.total + of_both.directories);
  EXPECT_GT(of_both.directories, 2 * of_a_file.total);
  table_.forget(directory, 1);
  EXPECT_EQ(table_.footprint().total, of_a_file.total);
}

TEST_F(Inodes, OfNothingAreNotTaken) { EXPECT_TRUE(oldest(10).empty()); }

TEST_F(Inodes, CanBeChosenAmongAllButTheRoot) {
  const auto a = look_up(file_called("a"));
  const auto b = look_up(file_called("b"));
  const auto d = look_up(directory_entry("d"));

  const auto all = table_.all([](const Node&) { return true; });
  EXPECT_EQ(std::set<SharedNode>(all.begin(), all.end()), (std::set<SharedNode>{a, b, d}));
  EXPECT_EQ(table_.all([](const Node& node) { return node.is_directory(); }), std::vector{d});
}

}  // namespace
}  // namespace blobmount
