#include "tree/flat_listing.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/exactly_once.hpp"
#include "fakes/fake_blob_store.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/random.hpp"
#include "tree/listing.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Call = tests::FakeBlobStore::Call;

constexpr int one_page = 5000;

void ignore(const Location& /*where*/, const SharedSnapshot& /*old*/, const DirectorySnapshot& /*fresh*/) {}

/// Lists what a test says, page after page; has nothing else.
class ScriptedListing final : public BlobStore {
 public:
  explicit ScriptedListing(std::vector<std::vector<std::string>> pages) : pages_(std::move(pages)) {}

  void list_blobs(const ListBlobsQuery& query, Completion<BlobPage> done) override {
    const auto number = query.marker.empty() ? 0U : std::stoul(query.marker);
    BlobPage page;
    for (const auto& name : pages_.at(number))
      page.blobs.push_back({.name = name, .properties = {.is_directory_marker = name == "marker"}});
    if (number + 1 < pages_.size()) page.next_marker = std::to_string(number + 1);
    done(std::move(page));
  }
  void list_containers(const ListContainersQuery& /*query*/, Completion<ContainerPage> done) override {
    done(none());
  }
  void get_container(const std::string& /*container*/, Completion<ContainerProperties> done) override {
    done(none());
  }
  void get_properties(const std::string& /*container*/, const std::string& /*blob*/,
                      Completion<BlobProperties> done) override {
    done(none());
  }
  void read(const BlobVersion& /*version*/, ByteRange /*range*/, OnPiece /*piece*/,
            Completion<void> done) override {
    done(none());
  }

 private:
  static Error none() { return {ErrorCode::not_found, "it only lists"}; }
  const std::vector<std::vector<std::string>> pages_;
};

/// What somebody waits for, who may still wait.
template <typename T>
class Awaited {
 public:
  Completion<T> completion() {
    return tests::exactly_once<T>([answer = answer_](Result<T> result) { *answer = std::move(result); });
  }
  [[nodiscard]] bool came() const { return answer_->has_value(); }
  [[nodiscard]] const Result<T>& get() const { return answer_->value(); }
  [[nodiscard]] bool failed() const { return came() && !get(); }

 private:
  std::shared_ptr<std::optional<Result<T>>> answer_ = std::make_shared<std::optional<Result<T>>>();
};

std::vector<std::string> names_in(const DirectorySnapshot& snapshot) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < snapshot.shown(); ++i) {
    if (const auto item = snapshot.item(i); !item.name.empty()) names.emplace_back(item.name);
  }
  return names;
}

std::vector<KnownEntry> entries_in(const DirectorySnapshot& snapshot) {
  std::vector<KnownEntry> entries;
  for (std::size_t i = 0; i < snapshot.shown(); ++i) {
    if (!snapshot.item(i).name.empty()) entries.push_back(snapshot.entry(i));
  }
  return entries;
}

/// Of the container "c". Answers come at once, or when they are released.
class Flat : public testing::Test {
 protected:
  std::shared_ptr<FlatListing> listing_of(const std::string& path) {
    return std::make_shared<FlatListing>(
        store_, shelf_, budget_, clock_, Location{"c", path},
        [this](const Location& where, const SharedSnapshot& old, const DirectorySnapshot& fresh) {
          EXPECT_TRUE(fresh.complete());
          told_.push_back(where.path + (old ? " again" : ""));
        });
  }
  std::shared_ptr<FlatListing> list(const std::string& path) {
    auto listing = listing_of(path);
    listing->start();
    return listing;
  }
  void put(std::initializer_list<std::string> names) {
    for (const auto& name : names) store_.put("c", name, "hello");
  }
  /// `count` blobs, which fill that many pages of 5,000.
  void put_many(const std::string& directory, int count) {
    for (int i = 0; i < count; ++i) store_.put("c", directory + std::to_string(100'000 + i), "");
  }

  SharedSnapshot kept(const std::string& path) { return shelf_.find({"c", path}); }
  std::vector<std::string> names_at(const std::string& path) {
    const auto snapshot = kept(path);
    EXPECT_TRUE(snapshot) << path;
    if (!snapshot) return {};
    EXPECT_TRUE(snapshot->complete()) << path;
    return names_in(*snapshot);
  }
  SharedSnapshot listed_alone(const std::string& path) {
    auto snapshot = std::make_shared<DirectorySnapshot>(budget_, path, clock_.now());
    list_directory(store_, clock_, containers_, {"c", path}, snapshot,
                   [](const Status& outcome) { EXPECT_TRUE(outcome); });
    return snapshot;
  }
  static Awaited<SharedSnapshot> wait_for(FlatListing& listing, const std::string& path) {
    Awaited<SharedSnapshot> awaited;
    listing.wait_for({"c", path}, awaited.completion());
    return awaited;
  }
  static bool covers(const FlatListing& listing, const std::string& path) {
    return listing.covers({"c", path});
  }
  int lists() { return store_.calls(Call::list_blobs); }
  /// How many there have been when all that is held back is given, one after another.
  int lists_answered() {
    while (answered_ < lists()) {
      ++answered_;
      store_.release_one();
    }
    return answered_;
  }

  std::vector<std::string> told_;
  tests::ManualClock clock_;
  MemoryBudget budget_{1ULL << 30U};
  SnapshotShelf shelf_{budget_};
  const ContainerFilter containers_{{}};
  tests::FakeBlobStore store_{tests::FakeBlobStore::Delivery::at_once};

 private:
  int answered_ = 0;
};

TEST_F(Flat, IsDividedAmongTheDirectories) {
  put({"a/1", "a/b/2", "a/b/c/3", "a/d", "e/4", "f"});

  const auto listing = list("");

  EXPECT_TRUE(listing->ended());
  EXPECT_EQ(lists(), 1);
  EXPECT_THAT(names_at("a/"), ElementsAre("1", "b", "d"));
  EXPECT_THAT(names_at("a/b/"), ElementsAre("2", "c"));
  EXPECT_THAT(names_at("a/b/c/"), ElementsAre("3"));
  EXPECT_THAT(names_at("e/"), ElementsAre("4"));
  EXPECT_FALSE(kept(""));
}

TEST_F(Flat, TellsWhatItHasListed) {
  put({"top/a/1", "top/a/b/1", "top/c/1", "toq/d/1"});

  list("top/");
  EXPECT_THAT(told_, ElementsAre("top/a/b/", "top/a/", "top/c/"));
  told_.clear();
  list("top/");
  EXPECT_THAT(told_, ElementsAre("top/a/b/ again", "top/a/ again", "top/c/ again"));

  EXPECT_FALSE(kept("top/"));
  EXPECT_FALSE(kept("toq/d/"));
}

TEST_F(Flat, LeavesOutWhatItDidNotAskForAndWhatHasNoPath) {
  std::string deep = "long/directory/";
  while (deep.size() < 1U << 16U) deep += "a/";
  ScriptedListing scripted({{"a", deep, "long/directory/z/1", "marker", "zoo/1"}});
  const auto listing = std::make_shared<FlatListing>(scripted, shelf_, budget_, clock_,
                                                     Location{"c", "long/directory/"}, ignore);

  listing->start();

  EXPECT_TRUE(listing->ended());
  EXPECT_THAT(names_at("long/directory/z/"), ElementsAre("1"));
  EXPECT_FALSE(kept("long/directory/a/"));
  EXPECT_FALSE(kept("zoo/"));
}

TEST_F(Flat, OfNothingTellsNothing) {
  put({"a"});

  const auto listing = list("b/");

  EXPECT_TRUE(listing->ended());
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(Flat, TellsNamesAroundTheSlashApart) {
  put({"t/a", "t/a!", "t/a!/x", "t/a/x", "t/a0", "t/a0/y", "t/a/x!", "t/a/x/z"});

  list("");

  EXPECT_THAT(names_at("t/"), ElementsAre("a!", "a", "a0"));
  EXPECT_THAT(names_at("t/a!/"), ElementsAre("x"));
  EXPECT_THAT(names_at("t/a/"), ElementsAre("x!", "x"));
  EXPECT_THAT(names_at("t/a/x/"), ElementsAre("z"));
  EXPECT_THAT(names_at("t/a0/"), ElementsAre("y"));
}

TEST_F(Flat, LeavesOutWhatNoPathCanHave) {
  const std::string too_long(longest_file_name + 1, 'x');
  put({"a//b", "a/1", "a/./c", "a/../d", "/e", "a/" + too_long + "/f", "a/" + too_long});

  list("");

  EXPECT_THAT(names_at("a/"), ElementsAre("1"));
  EXPECT_FALSE(kept("a//"));
  EXPECT_FALSE(kept("a/./"));
  EXPECT_EQ(kept("a/")->left_out().first, listed_alone("a/")->left_out().first);
}

TEST_F(Flat, ShowsMarkersAsDirectories) {
  const tests::BlobTraits marker{.is_directory_marker = true};
  store_.put("c", "top/a", "", marker);
  store_.put("c", "top/a/1", "");
  store_.put("c", "top/b", "", marker);
  store_.put("c", "top/c/", "");

  list("");

  EXPECT_EQ(entries_in(*kept("top/")), entries_in(*listed_alone("top/")));
  EXPECT_THAT(names_at("top/"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(names_at("top/c/"), IsEmpty());
  EXPECT_THAT(names_at("top/b/"), IsEmpty());
}

TEST_F(Flat, SnapshotsAreWalkedAndAsOldAsTheirFirstPage) {
  put({"a/1", "b/1", "b/2", "c/1"});
  store_.limit_pages(2);
  const auto begin = clock_.now();
  store_.hold();

  list("");
  clock_.advance(1s);
  store_.release();

  EXPECT_EQ(kept("a/")->cause(), DirectorySnapshot::Cause::walked);
  EXPECT_EQ(kept("a/")->asked(), begin);
  EXPECT_EQ(kept("b/")->asked(), begin);
  EXPECT_EQ(kept("b/")->asked(0), begin);
  EXPECT_EQ(kept("b/")->asked(1), begin + 1s);
}

// A page begins at the name that its marker says: what has come before that since the marker was told is not
// in it.
TEST_F(Flat, ABlobThatComesBetweenTwoPagesIsNotSaidToBeAbsent) {
  put({"a/1", "a/2", "b/5", "b/6"});
  store_.limit_pages(2);
  store_.hold();
  list("");
  clock_.advance(1min);
  const auto created = clock_.now();
  put({"b/1"});
  clock_.advance(1min);

  store_.release();

  const auto snapshot = kept("b/");
  ASSERT_TRUE(snapshot);
  EXPECT_TRUE(snapshot->find("1").entry || snapshot->asked() <= created);
}

TEST_F(Flat, HandsADirectoryOverWhenItIsComplete) {
  put({"a/1", "a/2", "b/1", "b/2", "c/1"});
  store_.limit_pages(2);
  store_.hold();
  const auto listing = listing_of("");
  const auto awaited = wait_for(*listing, "b/");
  listing->start();

  store_.release_one();
  store_.release_one();
  EXPECT_FALSE(awaited.came());
  EXPECT_TRUE(covers(*listing, "b/"));

  store_.release();
  ASSERT_TRUE(awaited.came() && awaited.get());
  EXPECT_TRUE((*awaited.get())->complete());
  EXPECT_THAT(names_in(**awaited.get()), ElementsAre("1", "2"));
  EXPECT_EQ(kept("b/"), *awaited.get());
}

TEST_F(Flat, HandsOverADirectoryThatItIsIn) {
  put({"a/1", "a/2", "a/3", "a/4"});
  store_.limit_pages(2);
  store_.hold();
  const auto listing = list("");
  store_.release_one();

  const auto one = wait_for(*listing, "a/"), other = wait_for(*listing, "a/");
  store_.release();

  ASSERT_TRUE(one.came() && other.came());
  EXPECT_EQ(one.get().value(), other.get().value());
  EXPECT_THAT(names_in(**one.get()), ElementsAre("1", "2", "3", "4"));
}

TEST_F(Flat, GivesUpOnADirectoryThatIsFar) {
  for (char name = 'a'; name < 'k'; ++name) put({std::string(1, name) + "/1"});
  store_.limit_pages(1);
  store_.hold();
  const auto listing = listing_of("");
  const auto near = wait_for(*listing, "b/"), far = wait_for(*listing, "d/");
  listing->start();

  store_.release_one();
  store_.release_one();
  EXPECT_FALSE(near.came() || far.came());
  store_.release_one();

  EXPECT_TRUE(near.came() && near.get());
  ASSERT_TRUE(far.failed());
  EXPECT_EQ(far.get().error().code, ErrorCode::not_found);
  store_.release();
  EXPECT_THAT(names_at("d/"), ElementsAre("1"));
}

TEST_F(Flat, GivesUpOnADirectoryThatHasMuchBelowIt) {
  for (char name = 'a'; name < 'k'; ++name) put({std::string("a/") + name + "/1"});
  store_.limit_pages(1);
  store_.hold();
  const auto listing = listing_of("");
  const auto awaited = wait_for(*listing, "a/");
  listing->start();

  for (int page = 0; page < 3; ++page) store_.release_one();

  EXPECT_TRUE(awaited.failed());
  store_.release();
  EXPECT_THAT(names_at("a/"), testing::SizeIs(10));
}

TEST_F(Flat, GivesUpOnADirectoryThatIsNotThere) {
  put({"a/1", "c/1", "d/1"});
  store_.limit_pages(1);
  store_.hold();
  const auto listing = listing_of("");
  const auto awaited = wait_for(*listing, "b/"), behind = wait_for(*listing, "e/");
  listing->start();
  store_.release_one();
  EXPECT_FALSE(awaited.came());

  store_.release_one();

  EXPECT_TRUE(awaited.failed());
  EXPECT_FALSE(covers(*listing, "b/"));
  EXPECT_TRUE(wait_for(*listing, "b/").failed());
  EXPECT_FALSE(behind.came());
  store_.release();
  EXPECT_TRUE(behind.failed());
}

TEST_F(Flat, DoesNotCoverWhatHasBeenLeft) {
  put({"a/1", "b/1"});
  store_.limit_pages(1);
  store_.hold();
  const auto listing = list("");
  EXPECT_FALSE(covers(*listing, ""));
  store_.release_one();
  EXPECT_TRUE(covers(*listing, "a/"));
  store_.release_one();

  EXPECT_FALSE(covers(*listing, "a/"));
  EXPECT_FALSE(covers(*listing, "c/"));  // it has ended
}

// A page is asked for when the one before has come, and is not divided yet: so there is one more than needed.
TEST_F(Flat, StandsStillWhenFiftyThousandEntriesAreUnused) {
  for (char name = 'a'; name < 'p'; ++name) put_many(std::string(1, name) + "/", one_page);
  store_.hold();

  const auto listing = list("");
  EXPECT_EQ(lists_answered(), 11);
  EXPECT_FALSE(listing->ended());

  listing->used({"c", "a/"});
  listing->used({"c", "a/"});  // once more is of no use
  listing->used({"c", "x/"});
  EXPECT_EQ(lists_answered(), 11);
  listing->used({"c", "b/"});
  EXPECT_EQ(lists_answered(), 13);
  listing->stop();
}

TEST_F(Flat, StandsStillAmongFilesThatNobodyIsToldOf) {
  put({"a/1"});
  put_many("m", 15 * one_page);
  store_.hold();

  const auto listing = list("");

  EXPECT_EQ(lists_answered(), 11);
  listing->used({"c", "a/"});
  EXPECT_EQ(lists_answered(), 11);
  EXPECT_FALSE(listing->ended());
  listing->stop();
}

TEST_F(Flat, StandsStillWithinADirectoryThatNobodyWaitsFor) {
  put_many("a/", 15 * one_page);
  store_.hold();

  const auto listing = list("");

  EXPECT_EQ(lists_answered(), 11);
  listing->stop();
}

TEST_F(Flat, HasPaidOffWhenAsManyDirectoriesWereOfUseAsItTookPages) {
  put({"a/1", "b/1", "c/1", "d/1"});
  store_.limit_pages(2);
  const auto listing = list("");
  ASSERT_EQ(lists(), 2);

  listing->used({"c", "a/"});
  EXPECT_FALSE(listing->paid_off());
  listing->used({"c", "a/"});
  EXPECT_FALSE(listing->paid_off());
  listing->used({"c", "d/"});
  EXPECT_TRUE(listing->paid_off());
}

TEST_F(Flat, TellsOfADirectoryThatIsOnlyAMarkerWhenItHasPassedIt) {
  const tests::BlobTraits marker{.is_directory_marker = true};
  store_.put("c", "a", "", marker);
  store_.put("c", "a!", "", marker);
  put({"a-/1"});
  store_.put("c", "b", "", marker);
  put({"b-", "b/1"});
  store_.limit_pages(1);
  store_.hold();
  const auto begin = clock_.now();
  const auto listing = list("");

  store_.release_one();
  store_.release_one();
  EXPECT_TRUE(covers(*listing, "a/"));
  const auto awaited = wait_for(*listing, "a/");
  clock_.advance(1s);
  store_.release_one();
  EXPECT_THAT(names_at("a!/"), IsEmpty());
  EXPECT_FALSE(awaited.came());
  store_.release();

  ASSERT_TRUE(awaited.came() && awaited.get());
  EXPECT_EQ(kept("a/"), *awaited.get());
  EXPECT_THAT(names_at("a/"), IsEmpty());
  EXPECT_EQ(kept("a/")->asked(), begin);  // when the page was asked for behind whose end it would be
  EXPECT_THAT(names_at("b/"), ElementsAre("1"));
}

TEST_F(Flat, StoppedBeforeItStartsAsksForNothingAndIsFreed) {
  put({"a/1"});
  auto listing = listing_of("");
  const std::weak_ptr<FlatListing> watched = listing;

  listing->stop();
  listing->start();

  EXPECT_EQ(lists(), 0);
  listing.reset();
  EXPECT_TRUE(watched.expired());
}

TEST_F(Flat, GoesOnForWhoWaits) {
  for (char name = 'a'; name < 't'; ++name) put_many(std::string(1, name) + "/", one_page);
  store_.hold();
  const auto listing = list("");
  ASSERT_EQ(lists_answered(), 11);

  const auto awaited = wait_for(*listing, "m/");

  EXPECT_EQ(lists_answered(), 15);
  ASSERT_TRUE(awaited.came() && awaited.get());
  EXPECT_TRUE((*awaited.get())->complete());
  EXPECT_THAT(names_at("l/"), testing::SizeIs(one_page));
  EXPECT_FALSE(listing->ended());
  listing->stop();
}

TEST_F(Flat, GoesOnWhileADirectoryIsReadThatGrows) {
  for (char name = 'a'; name < 'k'; ++name) put_many(std::string(1, name) + "/", one_page);
  put_many("k/", 3 * one_page);
  put_many("l/", 2 * one_page);
  put_many("m/", 2 * one_page);
  store_.hold();
  const auto listing = list("");
  ASSERT_EQ(lists_answered(), 11);

  const auto awaited = wait_for(*listing, "k/");

  EXPECT_EQ(lists_answered(), 15);
  ASSERT_TRUE(awaited.came() && awaited.get());
  EXPECT_TRUE((*awaited.get())->complete());
  EXPECT_EQ((*awaited.get())->size(), 3U * one_page);
  EXPECT_FALSE(listing->ended());
  listing->stop();
}

TEST_F(Flat, WhoWaitsForAPageThatFailsListsAlone) {
  put({"a/1", "a/2", "b/1", "b/2", "b/3", "b/4", "c/1"});
  store_.limit_pages(2);
  store_.hold();
  const auto listing = listing_of("");
  const auto within = wait_for(*listing, "b/"), behind = wait_for(*listing, "c/");
  listing->start();
  store_.release_one();
  store_.fail_next(Call::list_blobs, Error{ErrorCode::unavailable, "injected"});
  store_.release();

  for (const auto& waiter : {within, behind}) {
    ASSERT_TRUE(waiter.failed());
    EXPECT_EQ(waiter.get().error().code, ErrorCode::not_found);  // not the walk's error
  }
  EXPECT_TRUE(listing->ended());
  EXPECT_FALSE(listing->not_by_name());
  EXPECT_FALSE(covers(*listing, "c/"));
  EXPECT_THAT(names_at("a/"), ElementsAre("1", "2"));
  EXPECT_FALSE(kept("b/"));
}

TEST_F(Flat, AsksForNothingMoreWhenItIsStopped) {
  put({"a/1", "b/1", "c/1"});
  store_.limit_pages(1);
  store_.hold();
  auto listing = list("");
  const auto awaited = wait_for(*listing, "c/");
  const std::weak_ptr<FlatListing> watched = listing;

  listing->stop();
  store_.release();

  EXPECT_TRUE(awaited.failed());
  EXPECT_EQ(lists(), 1);
  listing.reset();
  EXPECT_TRUE(watched.expired());
}

TEST_F(Flat, OfAServiceThatDoesNotListByNameKeepsNothingThatIsWrong) {
  const std::vector<std::vector<std::vector<std::string>>> scripts = {
      {{"a/1", "c/1", "b/1"}},   {{"a/1", "c/1"}, {"b/1"}, {"d/1"}},
      {{"a/1", "c/1", "a/2"}},   {{"a/1", "c/1"}, {"a/2"}, {"d/1"}},
      {{"a/2", "a/1"}, {"b/1"}},
  };
  for (const auto& script : scripts) {
    SCOPED_TRACE(testing::PrintToString(script));
    ScriptedListing unordered(script);
    SnapshotShelf shelf(budget_);
    auto listing =
        std::make_shared<FlatListing>(unordered, shelf, budget_, clock_, Location{"c", ""}, ignore);
    Awaited<SharedSnapshot> waiter;
    listing->wait_for({"c", "x/"}, waiter.completion());

    listing->start();

    EXPECT_TRUE(listing->ended());
    EXPECT_TRUE(listing->not_by_name());
    EXPECT_TRUE(waiter.failed());
    std::map<std::string, std::set<std::string>> right;
    for (const auto& page : script) {
      for (const auto& name : page) right[name.substr(0, 2)].insert(name.substr(2));
    }
    for (const auto& [directory, names] : right) {
      const auto snapshot = shelf.find({"c", directory});
      if (snapshot) {
        EXPECT_THAT(names_in(*snapshot), testing::UnorderedElementsAreArray(names)) << directory;
      }
    }
    const std::weak_ptr<FlatListing> watched = listing;
    listing.reset();
    EXPECT_TRUE(watched.expired()) << "it is never freed";
  }
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(tests::mixed(seed)) {}
  std::uint64_t below(std::uint64_t limit) { return tests::mixed(++state_) % limit; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }

 private:
  std::uint64_t state_;
};

/// BLOBMOUNT_TEST_SEED, or another one each time.
std::uint64_t seed_of_run() {
  if (const char* const given = std::getenv("BLOBMOUNT_TEST_SEED")) return std::strtoull(given, nullptr, 0);
  return std::random_device{}();
}

std::string random_name(Dice& dice) {
  static const std::vector<std::string> parts = {"a", "b", "a!", "a0", "aa",      "A",
                                                 "",  ".", "..", "a-", "\xc3\xa4"};
  std::string name;
  for (auto depth = dice.below(4);; --depth) {
    name += parts[dice.below(dice.one_in(6) ? parts.size() : 6)];
    if (depth == 0) break;
    name += '/';
  }
  return name.empty() ? "z" : name;
}

/// All that can be shown below `top`.
std::set<std::string> directories_of(const std::set<std::string>& names, const std::string& top) {
  std::set<std::string> directories;
  for (const auto& name : names) {
    if (!name.starts_with(top)) continue;
    auto begin = top.size();
    for (auto slash = name.find('/', begin); slash != std::string::npos; slash = name.find('/', begin)) {
      if (!is_file_name(std::string_view(name).substr(begin, slash - begin))) break;
      begin = slash + 1;
      directories.insert(name.substr(0, begin));
    }
  }
  return directories;
}

TEST(FlatListingProperty, EachSnapshotIsWhatAListingOfTheDirectoryAloneShows) {
  const auto seed = seed_of_run();
  SCOPED_TRACE("BLOBMOUNT_TEST_SEED=" + std::to_string(seed));
  Dice dice(seed);
  tests::ManualClock clock;
  MemoryBudget budget(1ULL << 30U);
  const ContainerFilter containers{{}};
  std::size_t compared = 0;

  for (int round = 0; round < 400; ++round) {
    tests::FakeBlobStore store(tests::FakeBlobStore::Delivery::at_once);
    SnapshotShelf shelf(budget);
    store.put_container("c");
    std::set<std::string> names, markers;
    for (auto count = dice.below(60); count > 0; --count) {
      const auto name = random_name(dice);
      const bool marker = dice.one_in(6);
      names.insert(name);
      markers.erase(name + '/');
      if (marker) markers.insert(name + '/');
      store.put("c", name, std::string(dice.below(9), 'x'),
                {.access_tier = dice.one_in(9) ? "Archive" : "Hot", .is_directory_marker = marker});
    }
    static constexpr int page_sizes[] = {1, 2, 3, 7, 20, 5000};
    store.limit_pages(page_sizes[dice.below(6)]);
    store.put_empty_pages_between(static_cast<int>(dice.below(3)));
    std::string top;
    if (const auto all = directories_of(names, ""); !all.empty() && dice.one_in(3))
      top = *std::next(all.begin(), static_cast<std::ptrdiff_t>(dice.below(all.size())));

    const auto listing =
        std::make_shared<FlatListing>(store, shelf, budget, clock, Location{"c", top}, ignore);
    listing->start();

    ASSERT_TRUE(listing->ended());
    EXPECT_FALSE(shelf.find({"c", top}));
    auto directories = directories_of(names, top);
    directories.merge(directories_of(markers, top));
    for (const auto& directory : directories) {
      const auto flat = shelf.find({"c", directory});
      ASSERT_TRUE(flat) << directory;
      ASSERT_TRUE(flat->complete());
      auto alone = std::make_shared<DirectorySnapshot>(budget, directory, clock.now());
      list_directory(store, clock, containers, {"c", directory}, alone, [](const Status&) {});
      ASSERT_EQ(entries_in(*flat), entries_in(*alone)) << "'" << directory << "' of '" << top << "'";
      ASSERT_EQ(flat->left_out().first > 0, alone->left_out().first > 0) << directory;
      for (const auto& entry : entries_in(*alone)) {
        ASSERT_EQ(flat->find(entry.name).entry, entry);
        ASSERT_EQ(flat->details(entry.name), alone->details(entry.name));
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000U);
}

}  // namespace
}  // namespace blobmount
