#include "tree/files_ahead.hpp"

#include <algorithm>
#include <future>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_budget.hpp"
#include "cache/memory_tier.hpp"
#include "cache/remote_source.hpp"
#include "fakes/fake_blob_store.hpp"
#include "fakes/fake_byte_source.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/random.hpp"
#include "fakes/recording_log.hpp"
#include "support/blocking_store.hpp"
#include "tree/mounted_tree.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Call = tests::FakeBlobStore::Call;
using SharedFile = std::shared_ptr<OpenFile>;
using SharedDirectory = std::shared_ptr<OpenDirectory>;

constexpr std::uint64_t mib = 1ULL << 20U;

std::string numbered(int number) { return "file-" + std::to_string(1000 + number); }

/// A mount of the container "c", whose blobs come from the store that counts, or from a source that gives
/// them when a test says so.
class FilesAheadTest : public testing::Test {
 protected:
  void SetUp() override { mount(); }
  void mount(const TreeConfig& config = {.attr_ttl = 1h}) { mount_over(*memory_, config); }
  void mount_over(MemoryTier& memory, const TreeConfig& config = {.attr_ttl = 1h}) {
    tree_ = std::make_unique<MountedTree>(store_, memory, clock_, log_, config,
                                          MountSource{"account", {}, "c", ""});
  }
  /// From now on, what is fetched is kept under way by `source_`.
  void fetch_by_hand() { mount_over(by_hand_); }

  void put(const std::string& directory, int count, std::uint64_t size = 1000,
           const tests::BlobTraits& traits = {}) {
    for (int i = 0; i < count; ++i) {
      store_.put(
          "c", directory + numbered(i), size,
          [](std::uint64_t, std::span<std::byte> into) { std::ranges::fill(into, std::byte{'x'}); }, traits);
    }
  }

  InodeId inode_of(const std::string& name, InodeId parent = root_inode) {
    const auto found =
        tests::outcome_of<Lookup>([&](auto done) { tree_->look_up(parent, name, std::move(done)); });
    EXPECT_TRUE(found && found->entry) << name;
    return found && found->entry ? found->entry->attributes.inode : 0;
  }
  struct Child {
    std::string name;
    std::uint64_t number;
  };
  std::vector<Child> list(InodeId inode = root_inode) {
    std::vector<Child> children;
    const auto opened =
        tests::outcome_of<SharedDirectory>([&](auto done) { tree_->open_directory(inode, std::move(done)); });
    EXPECT_TRUE(opened);
    for (std::size_t i = 0; opened; ++i) {
      const auto count = tests::outcome_of<std::size_t>([&](auto done) { (*opened)->wait_for(i, done); });
      if (!count || i >= *count) break;
      const auto item = (*opened)->item(i);
      if (!item.name.empty()) children.push_back({std::string(item.name), item.number});
    }
    return children;
  }
  std::vector<Child> list_by_number(InodeId inode = root_inode) {
    auto children = list(inode);
    std::ranges::sort(children, {}, &Child::number);
    return children;
  }
  SharedFile open(const std::string& name, InodeId parent = root_inode) {
    const auto inode = inode_of(name, parent);
    auto file = tests::outcome_of<SharedFile>([&](auto done) { tree_->open(inode, std::move(done)); });
    EXPECT_TRUE(file) << name;
    return file ? *std::move(file) : nullptr;
  }
  void read(const std::string& name, InodeId parent = root_inode) {
    const auto file = open(name, parent);
    if (!file) return;
    const auto bytes =
        tests::outcome_of<Bytes>([&](auto done) { file->read(0, 64 * 1024, std::move(done)); });
    EXPECT_TRUE(bytes && bytes->size() > 0) << name;
  }
  int gets() { return store_.calls(Call::read); }
  int heads() { return store_.calls(Call::get_properties); }

  /// By hand: what is under way and wanted.
  std::set<std::string> wanted() {
    std::set<std::string> names;
    for (std::size_t i = 0; i < source_.count_under_way(); ++i) {
      if (source_.under_way(i)->wanted()) names.insert(source_.under_way(i)->version()->blob);
    }
    return names;
  }
  static std::set<std::string> names(int first, int last) {
    std::set<std::string> names;
    for (int i = first; i <= last; ++i) names.insert(numbered(i));
    return names;
  }
  /// What its reader would wait for has come, and whatever else has been started.
  void answer_fetches() { source_.complete_all(); }

  tests::ManualClock clock_;
  tests::RecordingLog log_;
  tests::FakeBlobStore store_{tests::FakeBlobStore::Delivery::at_once};
  MemoryBudget budget_{1ULL << 30U};
  RemoteSource remote_{store_};
  std::unique_ptr<MemoryTier> memory_ = std::make_unique<MemoryTier>(remote_, budget_);
  tests::FakeByteSource source_;
  MemoryTier by_hand_{source_, budget_};
  std::unique_ptr<MountedTree> tree_;
};

TEST_F(FilesAheadTest, AreFetchedOnceInTheOrderOfTheListing) {
  put("", 100);

  for (const auto& [name, number] : list()) read(name);

  EXPECT_EQ(gets(), 100);
  EXPECT_EQ(heads(), 0);
}

TEST_F(FilesAheadTest, AreFetchedOnceInTheOrderOfTheNumbers) {
  put("", 100);

  for (const auto& [name, number] : list_by_number()) read(name);

  EXPECT_EQ(gets(), 100);
}

TEST_F(FilesAheadTest, AreMoreTheLongerItGoesWell) {
  put("", 300);
  list();
  fetch_by_hand();
  list();

  open(numbered(0));
  EXPECT_THAT(wanted(), IsEmpty());
  std::vector<SharedFile> files;
  const std::vector<std::pair<int, int>> ends = {{1, 5},  {2, 10}, {3, 19}, {4, 36},
                                                 {5, 69}, {6, 70}, {7, 71}};
  for (const auto& [number, end] : ends) {
    files.push_back(open(numbered(number)));
    EXPECT_EQ(wanted(), names(2, end)) << number;
  }
  files.clear();
  answer_fetches();
}

TEST_F(FilesAheadTest, RunAheadInTheOrderOfTheNumbers) {
  put("", 100);
  fetch_by_hand();
  const auto children = list_by_number();

  open(children[0].name);
  const auto file = open(children[1].name);

  std::set<std::string> next;
  for (int i = 2; i < 6; ++i) next.insert(children[static_cast<std::size_t>(i)].name);
  EXPECT_EQ(wanted(), next);
  answer_fetches();
}

TEST_F(FilesAheadTest, AreFoundByTheirReader) {
  put("", 10);
  fetch_by_hand();
  list();
  open(numbered(0));
  open(numbered(1));
  answer_fetches();

  const auto file = open(numbered(2));
  const auto bytes = tests::outcome_of<Bytes>([&](auto done) { file->read(0, 5000, std::move(done)); });

  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->size(), 1000U);
  answer_fetches();
}

TEST_F(FilesAheadTest, AreNotFetchedAnyMoreWhenTheGuessIsWrong) {
  put("", 100);
  fetch_by_hand();
  list();
  open(numbered(0));
  open(numbered(1));
  ASSERT_EQ(wanted(), names(2, 5));

  open(numbered(50));

  EXPECT_THAT(wanted(), IsEmpty());
  answer_fetches();
}

TEST_F(FilesAheadTest, ThatAreLeftOutAreNotFetchedAnyMore) {
  put("", 100);
  fetch_by_hand();
  list();
  open(numbered(0));
  open(numbered(1));

  const auto file = open(numbered(4));

  EXPECT_FALSE(wanted().contains(numbered(2)));
  EXPECT_FALSE(wanted().contains(numbered(3)));
  EXPECT_TRUE(wanted().contains(numbered(4)));
  EXPECT_TRUE(wanted().contains(numbered(5)));
  answer_fetches();
}

TEST_F(FilesAheadTest, AreNotFetchedForWhoReadsAtRandom) {
  put("", 1000);
  list();
  std::vector<int> order(1000);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[tests::mixed(i) % (i + 1)]);

  for (int i = 0; i < 100; ++i) read(numbered(order[static_cast<std::size_t>(i)]));

  EXPECT_LE(gets(), 100 + 12);
}

TEST_F(FilesAheadTest, ThatAreLargeReadThemselvesAhead) {
  put("", 20, mib + 1);
  fetch_by_hand();
  list();

  std::vector<SharedFile> files;
  for (int i = 0; i < 10; ++i) files.push_back(open(numbered(i)));

  EXPECT_THAT(wanted(), IsEmpty());
}

TEST_F(FilesAheadTest, LeaveOutLargeOnesAndGoOnBehindThem) {
  put("", 20);
  store_.put("c", numbered(3), std::string(mib + 1, 'x'));
  fetch_by_hand();
  list();

  open(numbered(0));
  const auto file = open(numbered(1));

  EXPECT_THAT(wanted(), ElementsAre(numbered(2), numbered(4), numbered(5)));
  answer_fetches();
}

TEST_F(FilesAheadTest, GoOnBehindLargeOnesThatWereOpened) {
  put("", 20);
  for (int i = 5; i < 12; ++i) store_.put("c", numbered(i), std::string(mib + 1, 'x'));
  fetch_by_hand();
  list();

  std::vector<SharedFile> files;
  for (int i = 0; i < 14; ++i) files.push_back(open(numbered(i)));

  EXPECT_TRUE(wanted().contains(numbered(14)));
  files.clear();
  answer_fetches();
}

TEST_F(FilesAheadTest, AreNotFetchedWhereTheyCannotBeRead) {
  put("", 20);
  store_.put("c", numbered(3), "archived", {.access_tier = "Archive"});
  store_.put("c", numbered(4), "");
  fetch_by_hand();
  list();

  open(numbered(0));
  const auto file = open(numbered(1));

  EXPECT_THAT(wanted(), ElementsAre(numbered(2), numbered(5)));
  answer_fetches();
}

TEST_F(FilesAheadTest, TakeAnEighthOfTheMemoryAtMost) {
  put("", 100, mib);
  MemoryBudget budget(64 * mib);
  MemoryTier memory(source_, budget);
  mount_over(memory);
  list();

  for (int i = 0; i < 30; ++i) {
    const auto file = open(numbered(i));
    auto ahead = wanted();
    ahead.erase(numbered(i));
    EXPECT_LE(ahead.size(), 8U) << i;
    if (i > 10 && i < 90) {
      EXPECT_GE(ahead.size(), 6U) << i;
    }
  }
  tree_.reset();
  answer_fetches();
}

TEST_F(FilesAheadTest, OfTheNextDirectoryAreFetchedAtOnce) {
  put("a/", 20);
  put("b/", 20);
  list();
  for (const auto& [name, number] : list(inode_of("a"))) read(name, inode_of("a"));
  const auto next = inode_of("b");
  list(next);
  const auto before = gets();

  clock_.advance(4s);
  read(numbered(0), next);

  EXPECT_GE(gets() - before, 1 + 4);
  for (int i = 1; i < 20; ++i) read(numbered(i), next);
  EXPECT_EQ(gets(), 40);
}

TEST_F(FilesAheadTest, OfTheNextDirectoryGoOnByNumber) {
  put("a/", 40);
  put("b/", 40);
  const auto first = inode_of("a"), next = inode_of("b");
  for (const auto& [name, number] : list_by_number(first)) read(name, first);
  const auto children = list_by_number(next);
  store_.hold();
  const auto inode = inode_of(children[0].name, next);
  const auto before = gets();

  tree_->open(inode, [](const Result<SharedFile>&) {});

  EXPECT_GE(gets() - before, 4);
  store_.release();
  for (const auto& [name, number] : children) read(name, next);
  EXPECT_EQ(gets(), 80);
}

TEST_F(FilesAheadTest, OfADirectoryLongAfterTheLastAreNot) {
  put("a/", 20);
  put("b/", 20);
  list();
  for (const auto& [name, number] : list(inode_of("a"))) read(name, inode_of("a"));
  const auto next = inode_of("b");
  list(next);
  const auto before = gets();

  clock_.advance(6s);
  read(numbered(0), next);

  EXPECT_EQ(gets() - before, 1);
}

TEST_F(FilesAheadTest, WhatIsKnownOfThemIsRenewedAheadToo) {
  put("", 50);
  mount({});
  list();
  clock_.advance(2s);
  read(numbered(0));
  read(numbered(1));
  read(numbered(2));
  ASSERT_EQ(heads(), 10 + 1);
  store_.hold();

  // their answers are there already
  for (int i = 3; i < 11; ++i) {
    const auto inode = inode_of(numbered(i));
    bool opened = false;
    tree_->open(inode, [&](const Result<SharedFile>& file) { opened = file.has_value(); });
    EXPECT_TRUE(opened) << i;
  }
  store_.release();
}

TEST_F(FilesAheadTest, ThatHaveChangedAreNotOpenedAsTheyWere) {
  put("", 20);
  mount({});
  list();
  const auto old = inode_of(numbered(3));
  clock_.advance(2s);
  store_.put("c", numbered(3), "another");
  read(numbered(0));
  read(numbered(1));

  const auto file = tests::outcome_of<SharedFile>([&](auto done) { tree_->open(old, std::move(done)); });

  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::changed);
  for (int i = 2; i < 20; ++i) read(numbered(i));
}

TEST_F(FilesAheadTest, ReadSlowlyAreAskedForOnce) {
  put("", 200);
  mount({});
  list();

  for (int i = 0; i < 200; ++i) {
    read(numbered(i));
    clock_.advance(100ms);
  }

  EXPECT_EQ(gets(), 200);
  EXPECT_LE(heads(), 200 + 20);
}

TEST_F(FilesAheadTest, OfManyDirectoriesAtOnceKeepTheirOrder) {
  for (int directory = 0; directory < 6; ++directory) put("d" + std::to_string(directory) + "/", 50);
  std::vector<InodeId> inodes;
  for (int directory = 0; directory < 6; ++directory) {
    inodes.push_back(inode_of("d" + std::to_string(directory)));
    list(inodes.back());
  }

  for (int i = 0; i < 50; ++i)
    for (const auto inode : inodes) read(numbered(i), inode);

  EXPECT_EQ(gets(), 300);
}

TEST_F(FilesAheadTest, OfADirectoryThatNobodyReadsAnyMoreFreesItsMemory) {
  for (const auto* directory : {"a/", "b/"}) put(directory, 5000, 10);
  put("", 1, 10);
  const auto left = budget_.left_for_pages();
  mount({.attr_ttl = 1s});
  for (const auto* name : {"a", "b"}) {
    const auto directory = inode_of(name);
    list(directory);
    read(numbered(0), directory);
    read(numbered(1), directory);
  }
  ASSERT_LT(budget_.left_for_pages() + 2 * 5000 * 40, left);

  clock_.advance(2min);
  for (const auto* name : {"a", "b"}) {
    for (int i = 1; i < 5000; ++i) store_.remove("c", name + ("/" + numbered(i)));
    list(inode_of(name));  // so much is known by now
  }
  read(numbered(0));

  EXPECT_GT(budget_.left_for_pages() + 5000 * 40, left);
}

TEST_F(FilesAheadTest, ARefreshFreesWhatIsKeptForReaders) {
  put("a/", 5000, 10);
  const auto left = budget_.left_for_pages();
  const auto directory = inode_of("a");
  list(directory);
  read(numbered(0), directory);
  read(numbered(1), directory);
  ASSERT_LT(budget_.left_for_pages() + 5000 * 40, left);

  tree_->refresh("", [] {});

  EXPECT_GT(budget_.left_for_pages() + 5000 * 20, left);
}

}  // namespace
}  // namespace blobmount
