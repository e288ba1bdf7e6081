#include "tree/walks.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_budget.hpp"
#include "cache/memory_tier.hpp"
#include "cache/remote_source.hpp"
#include "fakes/fake_blob_store.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/random.hpp"
#include "fakes/recording_log.hpp"
#include "support/blocking_store.hpp"
#include "tree/mounted_tree.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;
using Call = tests::FakeBlobStore::Call;
using SharedDirectory = std::shared_ptr<OpenDirectory>;

/// Passes on what is asked, and notes which listings those are.
class NotedStore final : public BlobStore {
 public:
  explicit NotedStore(BlobStore& store) : store_(store) {}

  /// "prefix" of one directory, "prefix**" of all below it.
  std::vector<std::string> take_lists() { return std::exchange(lists_, {}); }
  /// Flat listings come in the reverse order from now on, as from no service that is known.
  void reverse_flat_listings() { reverse_ = true; }

  void list_blobs(const ListBlobsQuery& query, Completion<BlobPage> done) override {
    const bool flat = query.delimiter.empty() && query.max_results > 1;
    lists_.push_back((query.container == "c" ? "" : query.container + "/") + query.prefix +
                     (flat ? "**" : ""));
    if (!flat || !reverse_) return store_.list_blobs(query, std::move(done));
    store_.list_blobs(query, [done = std::move(done)](Result<BlobPage> page) {
      if (page) std::reverse(page->blobs.begin(), page->blobs.end());
      done(std::move(page));
    });
  }
  void list_containers(const ListContainersQuery& query, Completion<ContainerPage> done) override {
    store_.list_containers(query, std::move(done));
  }
  void get_container(const std::string& container, Completion<ContainerProperties> done) override {
    store_.get_container(container, std::move(done));
  }
  void get_properties(const std::string& container, const std::string& blob,
                      Completion<BlobProperties> done) override {
    store_.get_properties(container, blob, std::move(done));
  }
  void read(const BlobVersion& version, ByteRange range, OnPiece piece, Completion<void> done) override {
    store_.read(version, range, std::move(piece), std::move(done));
  }

 private:
  BlobStore& store_;
  std::vector<std::string> lists_;
  bool reverse_ = false;
};

std::string numbered(std::string_view name, int number) {
  return std::string(name) + std::to_string(1000 + number);
}

/// A mount of the container "c", or of the account, that programs walk through.
class Walk : public testing::Test {
 protected:
  void SetUp() override { mount("c"); }
  void TearDown() override { store_.release(); }
  void mount(const std::string& container) {
    tree_ = std::make_unique<MountedTree>(noted_, memory_, clock_, log_, TreeConfig{},
                                          MountSource{"account", {}, container, ""});
  }
  void put_files(const std::string& directory, int count, const std::string& container = "c") {
    for (int i = 0; i < count; ++i) store_.put(container, directory + numbered("file-", i), "");
  }

  struct Child {
    std::string name;
    InodeId inode;
    std::uint64_t number;
  };
  SharedDirectory open(InodeId inode) {
    auto opened =
        tests::outcome_of<SharedDirectory>([&](auto done) { tree_->open_directory(inode, std::move(done)); });
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }
  /// Read to the end; the subdirectories, with their inodes.
  std::vector<Child> read(InodeId inode) {
    std::vector<Child> children;
    const auto directory = open(inode);
    for (std::size_t i = 0; directory; ++i) {
      const auto count = tests::outcome_of<std::size_t>([&](auto done) { directory->wait_for(i, done); });
      EXPECT_TRUE(count);
      if (!count || i >= *count) break;
      const auto item = directory->item(i);
      if (item.name.empty()) continue;
      const auto entry = directory->look_up(i);
      if (item.kind == FileKind::file) {
        ++files_;
      } else {
        children.push_back({std::string(item.name), entry.attributes.inode, item.number});
      }
    }
    return children;
  }
  InodeId inode_of(const std::string& name, InodeId parent = root_inode) {
    const auto found =
        tests::outcome_of<Lookup>([&](auto done) { tree_->look_up(parent, name, std::move(done)); });
    EXPECT_TRUE(found && found->entry) << name;
    return found && found->entry ? found->entry->attributes.inode : 0;
  }
  /// As find(1) does, or as programs do that sort by inode.
  enum class Order { listing, number };
  void walk(InodeId inode, Order order = Order::listing, Duration pause = {}) {
    auto children = read(inode);
    if (order == Order::number) std::ranges::sort(children, {}, &Child::number);
    for (const auto& child : children) {
      clock_.advance(pause);
      walk(child.inode, order, pause);
    }
  }
  int lists() { return store_.calls(Call::list_blobs); }
  /// Lists since there were `before`, when all that is held back is given, one after another.
  int lists_since(int before) {
    for (int answered = 0; answered < lists() - before; ++answered) store_.release_one();
    return lists() - before;
  }
  void put_many(const std::string& directory, int count, const std::string& container = "c") {
    for (int i = 0; i < count; ++i) store_.put(container, directory + std::to_string(100'000 + i), "");
  }
  void put_empty_directories(int count) {
    for (int i = 0; i < count; ++i)
      store_.put("c", numbered("d", i), "", {.metadata = {{"hdi_isfolder", "true"}}});
  }
  auto flat_lists() {
    auto lists = noted_.take_lists();
    std::erase_if(lists, [](const auto& list) { return !list.ends_with("**"); });
    return lists;
  }

  tests::ManualClock clock_;
  tests::RecordingLog log_;
  tests::FakeBlobStore store_{tests::FakeBlobStore::Delivery::at_once};
  NotedStore noted_{store_};
  MemoryBudget budget_{256ULL << 20U};
  RemoteSource remote_{noted_};
  MemoryTier memory_{remote_, budget_};
  std::unique_ptr<MountedTree> tree_;
  int files_ = 0;
};

TEST_F(Walk, ThroughAHundredDirectoriesCostsFewListings) {
  for (int i = 0; i < 100; ++i) put_files(numbered("d", i) + "/", 100);

  walk(root_inode);

  EXPECT_EQ(files_, 100 * 100);
  EXPECT_LE(lists(), 4);
}

TEST_F(Walk, InTheOrderOfNumbersCostsFewListings) {
  for (int i = 0; i < 100; ++i) put_files(numbered("d", i) + "/", 100);

  walk(root_inode, Order::number);

  EXPECT_EQ(files_, 100 * 100);
  EXPECT_LE(lists(), 6);
}

TEST_F(Walk, InTheOrderOfNumbersThroughManyPagesCostsHardlyMore) {
  for (int i = 0; i < 100; ++i) put_files(numbered("d", i) + "/", 100);
  store_.limit_pages(500);

  walk(root_inode, Order::number);

  EXPECT_EQ(files_, 100 * 100);
  EXPECT_LE(lists(), 20 + 5);
}

TEST_F(Walk, ThroughTwoLevelsCostsFewListings) {
  for (int i = 0; i < 20; ++i)
    for (int j = 0; j < 10; ++j) put_files(numbered("d", i) + "/" + numbered("e", j) + "/", 20);

  walk(root_inode);

  EXPECT_EQ(files_, 20 * 10 * 20);
  EXPECT_LE(lists(), 8);
}

TEST_F(Walk, ThroughTwoLevelsInTheOrderOfNumbersCostsFewListings) {
  for (int i = 0; i < 20; ++i)
    for (int j = 0; j < 10; ++j) put_files(numbered("d", i) + "/" + numbered("e", j) + "/", 20);

  walk(root_inode, Order::number);

  EXPECT_EQ(files_, 20 * 10 * 20);
  EXPECT_LE(lists(), 8);
}

TEST_F(Walk, ThatIsSlowCostsFewListings) {
  for (int i = 0; i < 40; ++i) put_files(numbered("d", i) + "/", 10);

  walk(root_inode, Order::listing, 200ms);  // 8 s: less than ten times attr_ttl

  EXPECT_EQ(files_, 400);
  EXPECT_LE(lists(), 4);
}

TEST_F(Walk, ASecondOneAMinuteLaterSeesWhatHasComeMeanwhile) {
  for (int i = 0; i < 10; ++i) put_files(numbered("d", i) + "/", 10);
  walk(root_inode);
  store_.put("c", "d1005/new", "");
  clock_.advance(1min);
  files_ = 0;

  walk(root_inode);

  EXPECT_EQ(files_, 101);
}

TEST_F(Walk, BehindALargeDirectoryListsEachSubtreeFlat) {
  put_files("a/", 6000);
  put_files("a/deeper/", 1);
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 10; ++j) put_files(numbered("b", i) + "/" + numbered("e", j) + "/", 2);

  const auto top = read(root_inode);
  walk(top.front().inode);
  noted_.take_lists();
  for (std::size_t i = 1; i < top.size(); ++i) walk(top[i].inode);

  EXPECT_EQ(files_, 6001 + 5 * 10 * 2);
  EXPECT_THAT(noted_.take_lists(),
              testing::UnorderedElementsAre("b1000/", "b1000/**", "b1001/", "b1001/**", "b1002/", "b1002/**",
                                            "b1003/", "b1003/**", "b1004/", "b1004/**"));
}

TEST_F(Walk, BehindALargeDirectoryWithoutSubdirectoriesListsTheNextOnesBeside) {
  put_files("a/", 6000);
  for (int i = 0; i < 20; ++i) put_files(numbered("b", i) + "/", 5);
  const auto top = read(root_inode);
  read(top[0].inode);
  noted_.take_lists();
  store_.hold();

  SharedDirectory opened;
  tree_->open_directory(top[1].inode, [&](Result<SharedDirectory> directory) { opened = *directory; });

  EXPECT_THAT(noted_.take_lists(),
              testing::UnorderedElementsAre("b1000/", "b1001/", "b1002/", "b1003/", "b1004/", "b1005/",
                                            "b1006/", "b1007/", "b1008/"));
  EXPECT_FALSE(opened);

  // the next ones that are opened share those requests, and as many are beside them again
  SharedDirectory next;
  tree_->open_directory(top[2].inode, [&](Result<SharedDirectory> directory) { next = *directory; });
  EXPECT_THAT(noted_.take_lists(), testing::ElementsAre("b1009/"));

  store_.release();
  EXPECT_TRUE(opened);
  EXPECT_TRUE(next);
  for (std::size_t i = 1; i < top.size(); ++i) read(top[i].inode);
  EXPECT_EQ(files_, 6000 + 20 * 5);
  EXPECT_EQ(lists(), 1 + 2 + 20);
}

TEST_F(Walk, ListedBesideThatFailsIsListedAgain) {
  put_files("a/", 6000);
  for (int i = 0; i < 5; ++i) put_files(numbered("b", i) + "/", 5);
  const auto top = read(root_inode);
  read(top[0].inode);
  store_.fail_next(Call::list_blobs, Error{ErrorCode::unavailable, "injected"}, 4);  // those beside

  for (std::size_t i = 1; i < top.size(); ++i) read(top[i].inode);

  EXPECT_EQ(files_, 6000 + 5 * 5);
}

TEST_F(Walk, OpeningOneSubdirectoryStartsNothing) {
  for (int i = 0; i < 10; ++i) put_files(numbered("d", i) + "/", 10);
  read(inode_of("d1005"));
  clock_.advance(2s);
  read(inode_of("d1005"));

  EXPECT_THAT(flat_lists(), IsEmpty());
}

TEST_F(Walk, OpeningTwoSubdirectoriesAfterAWhileStartsNothing) {
  for (int i = 0; i < 10; ++i) put_files(numbered("d", i) + "/", 10);
  for (int i = 0; i < 10; ++i) {
    read(inode_of(numbered("d", i)));
    clock_.advance(5s + 1ms);
  }

  EXPECT_THAT(flat_lists(), IsEmpty());
}

TEST_F(Walk, OpeningTwoSubdirectoriesWithinSecondsListsAllFlat) {
  for (int i = 0; i < 10; ++i) put_files(numbered("d", i) + "/", 10);
  read(inode_of("d1002"));
  clock_.advance(5s);
  read(inode_of("d1007"));

  EXPECT_THAT(flat_lists(), testing::ElementsAre("**"));
}

TEST_F(Walk, AFailureOfTheFlatListingIsNotTheWalkers) {
  for (int i = 0; i < 10; ++i) put_files(numbered("d", i) + "/", 10);
  store_.limit_pages(20);
  const auto top = read(root_inode);
  read(top[0].inode);
  store_.fail_next(Call::list_blobs, Error{ErrorCode::unavailable, "injected"});
  for (std::size_t i = 1; i < top.size(); ++i) read(top[i].inode);

  EXPECT_EQ(files_, 100);
}

TEST_F(Walk, ThroughAServiceThatDoesNotListByNameCostsAListingForEachDirectoryAndFewMore) {
  for (int i = 0; i < 40; ++i) put_files(numbered("d", i) + "/", 10);
  noted_.reverse_flat_listings();
  store_.limit_pages(50);

  walk(root_inode);

  EXPECT_EQ(files_, 400);
  EXPECT_LE(lists(), 1 + 40 + 8);
}

// A directory's entries come between all that is below its subdirectories, where it is listed flat.
TEST_F(Walk, AReaderOfADirectoryDoesNotWaitForAllBelowIt) {
  put_files("a/", 6000);
  put_files("a/deeper/", 1);
  put_files("b/large/", 200);
  put_files("b/small/", 1);
  const auto top = read(root_inode);
  walk(top[0].inode);
  store_.limit_pages(5);
  store_.hold();

  auto opened = std::make_shared<SharedDirectory>();
  auto ended = std::make_shared<bool>(false);
  tree_->open_directory(top[1].inode, [opened, ended](Result<SharedDirectory> directory) {
    *opened = *std::move(directory);
    (*opened)->wait_for(1, [ended](const Result<std::size_t>&) { *ended = true; });
  });
  const auto before = lists();
  for (int pages = 0; pages < 20 && !*ended; ++pages) store_.release_one();

  EXPECT_TRUE(*ended) << "after " << lists() - before << " pages, whom one with a delimiter would do for";
}

TEST_F(Walk, ThatEndsHalfWayEndsItsListing) {
  put_files("a/", 6000);
  put_files("a/deeper/", 1);
  for (int i = 0; i < 20; ++i) put_files("b/" + numbered("c", i) + "/", 5000);
  auto top = read(root_inode);
  walk(top[0].inode);
  store_.hold();
  const auto before = lists();
  tree_->open_directory(top[1].inode, [](const Result<SharedDirectory>&) {});

  // nobody reads it any more
  for (int answered = 0; answered < lists() - before; ++answered) {
    clock_.advance(6s);
    store_.release_one();
  }

  EXPECT_LE(lists() - before, 1 + 12);

  tree_.reset();
  EXPECT_EQ(budget_.left_for_pages(), budget_.total()) << "what it was in is never freed";
}

TEST_F(Walk, OfTwoDirectoriesBesideManyFilesListsFewPagesInVain) {
  put_files("a/", 2);
  put_files("b/", 2);
  put_many("m", 100'000);
  read(inode_of("a"));
  const auto b = inode_of("b");
  const auto before = lists();
  store_.hold();

  tree_->open_directory(b, [](const Result<SharedDirectory>&) {});

  EXPECT_LE(lists_since(before), 12);
}

TEST_F(Walk, OfTwoDirectoriesBesideAHugeOneListsFewPagesInVain) {
  put_files("a/", 2);
  put_files("b/", 2);
  put_many("m/", 100'000);
  read(inode_of("a"));
  const auto b = inode_of("b");
  const auto before = lists();
  store_.hold();

  tree_->open_directory(b, [](const Result<SharedDirectory>&) {});

  EXPECT_LE(lists_since(before), 12);
}

TEST_F(Walk, ListsNoMoreThanAPageOfEachLargeDirectoryBeside) {
  for (int i = 0; i < 4; ++i) put_files("", 3, numbered("c", i));
  for (int i = 2; i < 4; ++i) put_many("m", 20'000, numbered("c", i));
  mount("");
  const auto top = read(root_inode);
  read(top[0].inode);
  const auto before = lists();
  store_.hold();

  tree_->open_directory(top[1].inode, [](const Result<SharedDirectory>&) {});
  EXPECT_EQ(lists_since(before), 1 + 2);

  // which who comes goes on with
  store_.release();
  files_ = 0;
  read(top[2].inode);
  EXPECT_EQ(files_, 20'003);
  EXPECT_EQ(lists() - before, 1 + 2 + 4);
}

TEST_F(Walk, ThatHasEndedIsNotInTheWayOfTheNextOne) {
  for (int i = 0; i < 4; ++i) put_files("", 3, numbered("c", i));
  for (int i = 2; i < 4; ++i) put_many("m", 10'000, numbered("c", i));
  mount("");
  const auto top = read(root_inode);
  const auto left = budget_.left_for_pages();
  store_.hold();
  for (int i = 0; i < 2; ++i) {
    const auto before = lists();
    tree_->open_directory(top[static_cast<std::size_t>(i)].inode, [](const Result<SharedDirectory>&) {});
    lists_since(before);
  }
  ASSERT_LT(budget_.left_for_pages() + 2 * 5000 * 40, left) << "it keeps a page of each";

  clock_.advance(6s);
  const auto before = lists();
  tree_->open_directory(top[0].inode, [](const Result<SharedDirectory>&) {});
  EXPECT_EQ(lists_since(before), 1);

  EXPECT_GT(budget_.left_for_pages() + 5000, left);
}

TEST_F(Walk, DoesNotShowWhatWasListedBesideLongAgo) {
  put_files("a/", 6000);
  put_files("b/", 3);
  put_files("b1/", 12'000);
  const auto top = read(root_inode);
  read(top[0].inode);
  store_.hold();
  const auto before = lists();
  tree_->open_directory(top[1].inode, [](const Result<SharedDirectory>&) {});
  lists_since(before);
  for (const std::size_t elsewhere : {0U, 1U, 0U}) {
    clock_.advance(4s);
    const auto asked = lists();
    tree_->open_directory(top[elsewhere].inode, [](const Result<SharedDirectory>&) {});
    lists_since(asked);
  }
  store_.put("c", "b1/a-new-one", "");
  store_.release();
  noted_.take_lists();

  const auto opened = open(top[2].inode);

  EXPECT_THAT(noted_.take_lists(), testing::ElementsAre("b1/", "b1/", "b1/"));
  ASSERT_TRUE(tests::outcome_of<std::size_t>([&](auto done) { opened->wait_for(0, done); }));
  EXPECT_EQ(opened->item(0).name, "a-new-one");
}

TEST_F(Walk, ThroughEmptyDirectoriesCostsFewListings) {
  put_empty_directories(100);

  walk(root_inode);

  EXPECT_LE(lists(), 4);
}

TEST_F(Walk, ThroughEmptyDirectoriesBesideManyBlobsListsThemOnce) {
  put_empty_directories(20);
  for (int i = 0; i < 20; ++i) put_files(numbered("z", i) + "/", 4500);
  const auto top = read(root_inode);
  const auto before = lists();
  store_.hold();

  int answered = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    tree_->open_directory(top[i].inode, [](const Result<SharedDirectory>&) {});
    for (; answered < lists() - before; ++answered) store_.release_one();
  }

  EXPECT_LE(lists() - before, 12);
  tree_.reset();
  EXPECT_EQ(budget_.left_for_pages(), budget_.total()) << "what it was in is never freed";
}

TEST_F(Walk, PastDirectoriesThatComeMeanwhileDoesNotBeginAgainForEach) {
  for (int i = 0; i < 20; ++i) put_files(numbered("d", i) + "/", 4500);
  read(inode_of("d1000"));
  const auto d1001 = inode_of("d1001");
  const auto before = lists();
  store_.hold();
  tree_->open_directory(d1001, [](const Result<SharedDirectory>&) {});
  ASSERT_LE(lists_since(before), 12);

  for (int i = 0; i < 20; ++i) put_files(numbered("a", i) + "/", 1);
  store_.release();
  std::vector<InodeId> come;
  for (int i = 0; i < 20; ++i) come.push_back(inode_of(numbered("a", i)));
  noted_.take_lists();
  for (const auto inode : come) read(inode);

  EXPECT_THAT(noted_.take_lists(), SizeIs(20));
}

TEST_F(Walk, ThatIsSlowThroughLargeDirectoriesBeginsOnceOnly) {
  for (int i = 0; i < 40; ++i) put_files(numbered("d", i) + "/", 4000);
  const auto top = read(root_inode);

  store_.hold();
  int answered = lists();
  for (std::size_t i = 0; i < 9; ++i) {
    tree_->open_directory(top[i].inode, [](const Result<SharedDirectory>&) {});
    for (; answered < lists(); ++answered) store_.release_one();
    clock_.advance(4s);
  }

  EXPECT_LE(flat_lists().size(), 14U);  // two directories were of use before they were too old
  tree_.reset();
  EXPECT_EQ(budget_.left_for_pages(), budget_.total()) << "what it was in is never freed";
}

TEST_F(Walk, RightBehindAnotherOneThatWasSlowCostsFewListings) {
  for (int i = 0; i < 100; ++i) put_files(numbered("d", i) + "/", 100);
  walk(root_inode, Order::listing, 90ms);
  clock_.advance(3s);
  const auto before = lists();

  walk(root_inode, Order::listing, 90ms);

  EXPECT_LE(lists() - before, 6);
}

TEST_F(Walk, ThroughAnAccountListsContainersBeside) {
  for (int i = 0; i < 12; ++i) put_files("", 5, numbered("c", i));
  mount("");
  const auto top = read(root_inode);
  ASSERT_THAT(top, SizeIs(12));
  read(top[0].inode);
  EXPECT_EQ(lists(), 1);
  store_.hold();

  SharedDirectory opened;
  tree_->open_directory(top[1].inode, [&](Result<SharedDirectory> directory) { opened = *directory; });

  EXPECT_EQ(lists(), 1 + 1 + 8);
  store_.release();
  for (std::size_t i = 1; i < top.size(); ++i) read(top[i].inode);
  EXPECT_EQ(files_, 12 * 5);
  EXPECT_EQ(lists(), 12) << testing::PrintToString(noted_.take_lists());
  EXPECT_EQ(store_.calls(Call::list_containers), 1);
}

TEST_F(Walk, ThroughTheDirectoriesOfAnAccountsContainersListsEachContainerFlat) {
  for (int i = 0; i < 10; ++i)
    for (int j = 0; j < 10; ++j) put_files(numbered("d", j) + "/", 5, numbered("c", i));
  mount("");

  walk(root_inode);

  EXPECT_EQ(files_, 500);
  EXPECT_LE(lists(), 2 * 10 + 2) << testing::PrintToString(noted_.take_lists());
}

TEST_F(Walk, TellsTheKernelWhatHasChanged) {
  struct Kernel final : KernelCache {
    void drop_name(InodeId /*parent*/, std::string name) override { dropped.push_back(std::move(name)); }
    void let_go(InodeId, InodeId, std::string) override {}
    void drop_pages(InodeId /*inode*/) override {}
    void when_told(std::function<void()> then) override { then(); }
    std::vector<std::string> dropped;
  } kernel;
  for (int i = 0; i < 10; ++i) put_files(numbered("d", i) + "/", 3);
  walk(root_inode);
  tree_->serve(&kernel);
  store_.put("c", "d1007/file-1001", "other");
  clock_.advance(11s);

  walk(root_inode);

  EXPECT_THAT(kernel.dropped, testing::ElementsAre("file-1001"));
  tree_->serve(nullptr);
}

TEST_F(Walk, NamesInTheLogWhatIsLeftOut) {
  for (int i = 0; i < 10; ++i) put_files(numbered("d", i) + "/", 3);
  store_.put("c", "d1007//x", "");

  walk(root_inode);

  EXPECT_THAT(log_.lines_for_operators(), testing::Contains(testing::HasSubstr("are left out")));
}

}  // namespace
}  // namespace blobmount
