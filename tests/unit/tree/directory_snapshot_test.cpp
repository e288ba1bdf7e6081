#include "tree/directory_snapshot.hpp"

#include <algorithm>
#include <cstdlib>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/blob_model.hpp"
#include "fakes/exactly_once.hpp"

namespace blobmount {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr WallTime morning{std::chrono::hours{480'000}};
constexpr WallTime evening = morning + std::chrono::hours{12};

ListedBlob blob(const std::string& name, WallTime modified = morning) {
  return {.name = name, .properties = {.etag = "\"1\"", .size = 5, .last_modified = modified}};
}

ListedBlob marker(const std::string& name, WallTime modified = morning) {
  auto listed = blob(name, modified);
  listed.properties.is_directory_marker = true;
  return listed;
}

BlobPage page_of(std::vector<ListedBlob> blobs, std::vector<std::string> prefixes = {}) {
  return {.blobs = std::move(blobs), .prefixes = std::move(prefixes)};
}

std::string as_ls_shows(const KnownEntry& entry) {
  return entry.name + (entry.kind == FileKind::directory ? "/" : "");
}

/// As `ls -F` shows what can be read by index.
std::vector<std::string> shown(const DirectorySnapshot& snapshot) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < snapshot.shown(); ++i) {
    const auto item = snapshot.item(i);
    if (item.name.empty()) continue;
    EXPECT_EQ(snapshot.entry(i).name, item.name);
    EXPECT_EQ(snapshot.entry(i).kind, item.kind);
    EXPECT_EQ(snapshot.index_of(item.name), i);
    names.push_back(as_ls_shows(snapshot.entry(i)));
  }
  return names;
}

class Snapshots : public testing::Test {
 protected:
  SharedSnapshot start(const std::string& prefix = "") {
    return std::make_shared<DirectorySnapshot>(budget_, prefix, SteadyTime{});
  }
  SharedSnapshot snapshot_of(const std::vector<BlobPage>& pages, const std::string& prefix = "") {
    auto snapshot = start(prefix);
    for (const auto& page : pages) snapshot->add(page, SteadyTime{});
    snapshot->finish();
    return snapshot;
  }

  MemoryBudget budget_{64U << 20U};
};

/// What wait_for() tells, once it does.
class Waiting {
 public:
  Waiting(DirectorySnapshot& snapshot, std::size_t index) {
    snapshot.wait_for(
        index, tests::exactly_once<std::size_t>([state = state_](auto count) { *state = std::move(count); }));
  }
  /// The number, the error's code, or "waits".
  [[nodiscard]] std::string outcome() const {
    if (!*state_) return "waits";
    return **state_ ? std::to_string(***state_) : std::string(name_of((*state_)->error().code));
  }

 private:
  std::shared_ptr<std::optional<Result<std::size_t>>> state_ =
      std::make_shared<std::optional<Result<std::size_t>>>();
};

/// "?" where nothing is decided, "-" where the name is absent.
std::string known(const DirectorySnapshot& snapshot, const std::string& name) {
  const auto found = snapshot.find(name);
  if (!found.decided) return "?";
  return found.entry ? as_ls_shows(*found.entry) : "-";
}

TEST_F(Snapshots, ShowBlobsAsFilesAndPrefixesAsDirectories) {
  const auto snapshot = snapshot_of({page_of({blob("a/text")}, {"a/more/"})}, "a/");

  EXPECT_THAT(shown(*snapshot), ElementsAre("more/", "text"));
  const auto file = snapshot->find("text");
  ASSERT_TRUE(file.decided && file.entry);
  EXPECT_EQ(*file.entry, (KnownEntry{"text", FileKind::file, 5, morning, "\"1\""}));
  const auto directory = snapshot->find("more");
  ASSERT_TRUE(directory.decided && directory.entry);
  EXPECT_EQ(*directory.entry, (KnownEntry{"more", FileKind::directory, 0, std::nullopt, ""}));
}

TEST_F(Snapshots, FindNamesExactly) {
  const auto snapshot = snapshot_of({page_of({blob("A-1"), blob("A.txt"), blob("a")}, {"A/"})});

  for (const auto* name : {"A", "A-1", "A.txt", "a"}) {
    const auto found = snapshot->find(name);
    ASSERT_TRUE(found.decided && found.entry) << name;
    EXPECT_EQ(found.entry->name, name);
  }
  for (const auto* name : {"", "A-", "A.tx", "A.txt2", "b", "!"}) EXPECT_EQ(known(*snapshot, name), "-");
}

TEST_F(Snapshots, RememberWhenTheyAndEachOfTheirPagesWereAskedFor) {
  const auto at = [](int seconds) { return SteadyTime{std::chrono::seconds{seconds}}; };
  DirectorySnapshot snapshot(budget_, "", at(1));
  snapshot.add(page_of({blob("a"), blob("b")}), at(2));
  snapshot.add(page_of({}), at(30));
  snapshot.add(page_of({blob("c")}), at(60));
  snapshot.finish();

  EXPECT_EQ(snapshot.asked(), at(1));
  EXPECT_EQ(snapshot.asked(1), at(2));
  EXPECT_EQ(snapshot.asked(2), at(60));
  EXPECT_EQ(snapshot.find("b").asked, at(2));
  EXPECT_EQ(snapshot.find("c").asked, at(60));
  EXPECT_EQ(snapshot.find("absent").asked, at(1));
}

TEST_F(Snapshots, OfNothingAreEmpty) {
  const auto snapshot = snapshot_of({page_of({})});

  EXPECT_THAT(shown(*snapshot), IsEmpty());
  EXPECT_EQ(known(*snapshot, "a"), "-");
  EXPECT_EQ(Waiting(*snapshot, 0).outcome(), "0");
}

TEST_F(Snapshots, LeaveOutWhatNoPathCanHaveAndCountIt) {
  const std::string too_long(256, 'x');

  const auto snapshot =
      snapshot_of({page_of({blob("d/good"), blob("d/.."), blob("d/" + too_long)}, {"d//", "d/./"})}, "d/");

  EXPECT_THAT(shown(*snapshot), ElementsAre("good"));
  const auto [count, example] = snapshot->left_out();
  EXPECT_EQ(count, 4U);
  EXPECT_THAT((std::vector<std::string>{"d/..", "d/" + too_long, "d//", "d/./"}), testing::Contains(example));
}

TEST_F(Snapshots, LeaveNothingOutWhereAllCanBeShown) {
  const auto snapshot = snapshot_of({page_of({blob("d/"), blob("d/a")}, {"d/b/"})}, "d/");

  EXPECT_EQ(snapshot->left_out(), (std::pair<std::size_t, std::string>{0, ""}));
}

TEST_F(Snapshots, LetADirectoryWinOverABlobOfTheSameName) {
  const std::vector<BlobPage> together{page_of({blob("A")}, {"A/"})};
  const std::vector<BlobPage> blob_first{page_of({blob("A")}), page_of({}, {"A/"})};
  const std::vector<BlobPage> blob_last{page_of({}, {"A/"}), page_of({blob("A")})};

  for (const auto& pages : {together, blob_first, blob_last}) {
    const auto snapshot = snapshot_of(pages);
    EXPECT_THAT(shown(*snapshot), ElementsAre("A/"));
    EXPECT_EQ(known(*snapshot, "A"), "A/");
  }
}

TEST_F(Snapshots, ShowAMarkerAndItsPrefixAsOneDirectoryWhicheverPageComesFirst) {
  const std::vector<BlobPage> together{page_of({marker("A", evening)}, {"A/"})};
  const std::vector<BlobPage> marker_first{page_of({marker("A", evening)}), page_of({}, {"A/"})};
  const std::vector<BlobPage> prefix_first{page_of({}, {"A/"}), page_of({marker("A", evening)})};

  for (const auto& pages : {together, marker_first, prefix_first}) {
    const auto snapshot = snapshot_of(pages);
    ASSERT_THAT(shown(*snapshot), ElementsAre("A/"));
    EXPECT_EQ(snapshot->find("A").entry->modified, evening);
  }
}

TEST_F(Snapshots, GiveADirectoryNoTimeOfABlobThatIsNoMarker) {
  const auto snapshot = snapshot_of({page_of({blob("A", evening)}, {"A/"})});

  EXPECT_EQ(snapshot->find("A").entry, directory_entry("A"));
}

TEST_F(Snapshots, ShowAMarkerAloneAsADirectory) {
  EXPECT_THAT(shown(*snapshot_of({page_of({marker("A")})})), ElementsAre("A/"));
}

TEST_F(Snapshots, DoNotShowADirectoryInItself) {
  const auto snapshot = snapshot_of({page_of({blob("A/"), blob("A/text")})}, "A/");

  EXPECT_THAT(shown(*snapshot), ElementsAre("text"));
  EXPECT_EQ(snapshot->left_out().first, 0U);
}

TEST_F(Snapshots, KeepApartWhatSortsAroundTheSlash) {
  // the service's order: '-' and '.' come before '/'
  const std::vector<BlobPage> pages{page_of({blob("A")}), page_of({blob("A-1")}), page_of({blob("A.txt")}),
                                    page_of({}, {"A/"}), page_of({blob("A0")})};

  EXPECT_THAT(shown(*snapshot_of(pages)), ElementsAre("A-1", "A.txt", "A/", "A0"));
}

TEST_F(Snapshots, AreTheSameInWhateverOrderThePagesCome) {
  const std::vector<BlobPage> pages{page_of({marker("A")}), page_of({blob("A-1")}), page_of({}, {"A/"}),
                                    page_of({blob("B")}, {"B/"})};

  std::vector<std::size_t> order{0, 1, 2, 3};
  do {
    std::vector<BlobPage> shuffled;
    for (const auto index : order) shuffled.push_back(pages[index]);
    const auto snapshot = snapshot_of(shuffled);
    EXPECT_THAT(shown(*snapshot), UnorderedElementsAre("A/", "A-1", "B/"));
    EXPECT_EQ(snapshot->find("A").entry, directory_entry("A", morning));
    EXPECT_EQ(snapshot->find("A-1").entry->etag, "\"1\"");
    EXPECT_EQ(snapshot->find("B").entry, directory_entry("B"));
    EXPECT_EQ(known(*snapshot, "C"), "-");
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(Snapshots, ShowOnceWhatIsListedTwice) {
  const std::vector<BlobPage> in_a_page{page_of({blob("a"), blob("a")}, {"b/", "b/"})};
  const std::vector<BlobPage> on_two{page_of({blob("a")}, {"b/"}), page_of({blob("a")}, {"b/"})};

  for (const auto& pages : {in_a_page, on_two})
    EXPECT_THAT(shown(*snapshot_of(pages)), UnorderedElementsAre("a", "b/"));
}

TEST_F(Snapshots, ShowContainersAsDirectoriesWithTheirTimes) {
  DirectorySnapshot snapshot(budget_, "", SteadyTime{});
  snapshot.add(ContainerPage{.containers = {{"$logs", morning}, {"photos", evening}}}, SteadyTime{});
  snapshot.finish();

  ASSERT_THAT(shown(snapshot), ElementsAre("$logs/", "photos/"));
  EXPECT_EQ(snapshot.find("photos").entry->modified, evening);
}

TEST_F(Snapshots, KnowTheDetailsOfFiles) {
  auto described = blob("a");
  described.properties.details = {.type = "BlockBlob", .access_tier = "Archive", .metadata = {{"x", "y"}}};
  const auto snapshot = snapshot_of({page_of({described, marker("m")}, {"d/"})});

  EXPECT_EQ(snapshot->details("a"), described.properties.details);
  EXPECT_TRUE(snapshot->find("a").entry->archived);
  for (const auto* name : {"m", "d", "absent"}) EXPECT_EQ(snapshot->details(name), std::nullopt);
}

TEST_F(Snapshots, TakeFromTheBudgetWhatTheyTakeAndGiveItBack) {
  BlobPage page;
  for (int i = 0; i < 1000; ++i) page.blobs.push_back(blob("name-" + std::to_string(10'000 + i)));
  {
    const auto snapshot = start();
    const auto empty = budget_.total() - budget_.left_for_pages();
    snapshot->add(page, SteadyTime{});
    const auto grown = budget_.total() - budget_.left_for_pages();
    snapshot->finish();

    EXPECT_GE(grown, empty + 1000 * 40);
    EXPECT_EQ(budget_.left_for_pages(), budget_.total() - snapshot->footprint());
  }

  EXPECT_EQ(budget_.left_for_pages(), budget_.total());
}

TEST_F(Snapshots, TakeFromTheBudgetWhatAPageTakesThatIsOnItsWay) {
  BlobPage page{.blobs = {blob("a")}};
  page.next_marker = "more";
  const auto snapshot = start();

  snapshot->add(page, SteadyTime{});
  EXPECT_EQ(budget_.left_for_pages(), budget_.total() - snapshot->footprint() - next_page_footprint);

  snapshot->add(BlobPage{.blobs = {blob("b")}}, SteadyTime{});
  EXPECT_EQ(budget_.left_for_pages(), budget_.total() - snapshot->footprint());
}

class GrowingSnapshots : public Snapshots {
 protected:
  void add(const BlobPage& page) { snapshot_->add(page, SteadyTime{}); }

  const SharedSnapshot snapshot_ = start();
};

TEST_F(GrowingSnapshots, ShowNothingBeforeTheFirstPage) {
  EXPECT_EQ(snapshot_->shown(), 0U);
  EXPECT_FALSE(snapshot_->complete());
  EXPECT_EQ(known(*snapshot_, "a"), "?");
  EXPECT_EQ(Waiting(*snapshot_, 0).outcome(), "waits");
  snapshot_->finish();
  EXPECT_TRUE(snapshot_->complete());
}

TEST_F(GrowingSnapshots, AnswerThoseWhoWaitAsSoonAsThereIsMore) {
  const Waiting first(*snapshot_, 0), third(*snapshot_, 2), beyond(*snapshot_, 100);

  add(page_of({blob("a"), blob("b")}, {"c/"}));
  EXPECT_EQ(first.outcome(), "3");
  EXPECT_EQ(third.outcome(), "3");
  EXPECT_EQ(beyond.outcome(), "waits");
  EXPECT_EQ(Waiting(*snapshot_, 0).outcome(), "3");

  snapshot_->finish();
  EXPECT_EQ(beyond.outcome(), "3");
  EXPECT_EQ(Waiting(*snapshot_, 3).outcome(), "3");
}

TEST_F(GrowingSnapshots, WaitBehindEmptyPages) {
  const Waiting first(*snapshot_, 0);
  add(page_of({}));
  add(page_of({}));
  EXPECT_EQ(first.outcome(), "waits");

  add(page_of({}, {"a/"}));
  EXPECT_EQ(first.outcome(), "1");
  add(page_of({}));
  snapshot_->finish();

  EXPECT_THAT(shown(*snapshot_), ElementsAre("a/"));
}

TEST_F(GrowingSnapshots, HideABlobUntilItIsKnownWhetherItIsADirectory) {
  const Waiting waiting(*snapshot_, 0);

  add(page_of({marker("a", evening), blob("a-1")}));
  EXPECT_THAT(shown(*snapshot_), IsEmpty());
  EXPECT_EQ(known(*snapshot_, "a"), "?");
  add(page_of({blob("a-2"), blob("a.b")}));
  EXPECT_THAT(shown(*snapshot_), IsEmpty());
  EXPECT_EQ(waiting.outcome(), "waits");
  add(page_of({}, {"a/"}));

  EXPECT_NE(waiting.outcome(), "waits");
  EXPECT_THAT(shown(*snapshot_), ElementsAre("a-1", "a-2", "a.b", "a/"));
  EXPECT_EQ(snapshot_->find("a").entry, directory_entry("a", evening));
  EXPECT_TRUE(snapshot_->find("a").decided);
  snapshot_->finish();
  EXPECT_THAT(shown(*snapshot_), ElementsAre("a-1", "a-2", "a.b", "a/"));
}

TEST_F(GrowingSnapshots, ShowABlobOnceItsPrefixCanNoLongerCome) {
  add(page_of({blob("a"), blob("a-1")}));
  EXPECT_THAT(shown(*snapshot_), IsEmpty());

  add(page_of({blob("a0"), blob("b")}));

  EXPECT_THAT(shown(*snapshot_), ElementsAre("a", "a-1", "a0"));
  EXPECT_EQ(known(*snapshot_, "a"), "a");
  EXPECT_EQ(known(*snapshot_, "b"), "?");  // "b/" may follow
  snapshot_->finish();
  EXPECT_THAT(shown(*snapshot_), ElementsAre("a", "a-1", "a0", "b"));
}

TEST_F(GrowingSnapshots, HideTheFirstOfSeveralThatAreUndecided) {
  add(page_of({blob("a"), blob("a-"), blob("a--"), blob("a---")}));
  EXPECT_THAT(shown(*snapshot_), IsEmpty());
  add(page_of({blob("a--b")}, {"a--/"}));
  EXPECT_THAT(shown(*snapshot_), IsEmpty());
  add(page_of({}, {"a/"}));

  EXPECT_THAT(shown(*snapshot_), ElementsAre("a-", "a---", "a--/", "a--b", "a/"));
}

TEST_F(GrowingSnapshots, DecideWhichNamesAreAbsent) {
  add(page_of({blob("b"), blob("d-1")}));

  EXPECT_EQ(known(*snapshot_, "a"), "-");
  EXPECT_EQ(known(*snapshot_, "c"), "-");
  EXPECT_EQ(known(*snapshot_, "d-0"), "-");
  EXPECT_EQ(known(*snapshot_, "b"), "b");
  // "d/" and what is behind may follow
  for (const auto* name : {"d", "d-1", "d-1a", "d.", "e"}) EXPECT_EQ(known(*snapshot_, name), "?") << name;
  snapshot_->finish();
  for (const auto* name : {"d", "d-1a", "d.", "e"}) EXPECT_EQ(known(*snapshot_, name), "-") << name;
  EXPECT_EQ(known(*snapshot_, "d-1"), "d-1");
}

TEST_F(GrowingSnapshots, FindADirectoryAsSoonAsItsPrefixIsThere) {
  add(page_of({}, {"a/"}));

  EXPECT_EQ(known(*snapshot_, "a"), "a/");
  snapshot_->finish();
}

TEST_F(GrowingSnapshots, GiveTheErrorToThoseWhoWaitForMoreAndWhatIsThereToTheOthers) {
  const Waiting before(*snapshot_, 1);
  add(page_of({}, {"a/"}));

  snapshot_->fail({ErrorCode::throttled, "slow down"});

  EXPECT_EQ(before.outcome(), "throttled");
  EXPECT_EQ(Waiting(*snapshot_, 0).outcome(), "1");
  EXPECT_EQ(Waiting(*snapshot_, 1).outcome(), "throttled");
  EXPECT_FALSE(snapshot_->complete());
  EXPECT_EQ(known(*snapshot_, "a"), "a/");
  EXPECT_EQ(known(*snapshot_, "b"), "?");
}

TEST_F(GrowingSnapshots, FailBeforeTheFirstPage) {
  const Waiting waiting(*snapshot_, 0);

  snapshot_->fail({ErrorCode::permission_denied, "no role"});

  EXPECT_EQ(waiting.outcome(), "permission_denied");
}

TEST_F(GrowingSnapshots, CompletionsMayAskAgain) {
  std::string inner;
  snapshot_->wait_for(0, [&](const auto&) {
    inner = known(*snapshot_, "a") + std::to_string(snapshot_->shown());
    snapshot_->wait_for(5, [](const auto&) {});
  });

  add(page_of({}, {"a/"}));

  EXPECT_EQ(inner, "a/1");
  snapshot_->finish();
}

TEST_F(GrowingSnapshots, KeepNamesWhereTheyAre) {
  add(page_of({blob("a"), blob("b")}));
  const auto item = snapshot_->item(0);
  for (int i = 0; i < 1000; ++i) add(page_of({blob("c" + std::to_string(10'000 + i))}));
  snapshot_->finish();

  EXPECT_EQ(item.name, "a");
  EXPECT_EQ(item.name.data(), snapshot_->item(0).name.data());
}

TEST_F(GrowingSnapshots, ThatAreNotListedByNameAreUndecidedUntilTheyAreComplete) {
  add(page_of({blob("m")}, {"n/"}));
  add(page_of({blob("a"), blob("z")}));

  for (const auto* name : {"a", "m", "n", "b"}) EXPECT_EQ(known(*snapshot_, name), "?") << name;
  EXPECT_EQ(snapshot_->index_of("a"), std::nullopt);
  EXPECT_EQ(Waiting(*snapshot_, 3).outcome(), "waits");

  snapshot_->finish();
  EXPECT_THAT(shown(*snapshot_), UnorderedElementsAre("m", "n/", "a", "z"));
  for (const auto* name : {"a", "m", "z"}) EXPECT_EQ(known(*snapshot_, name), name);
  EXPECT_EQ(known(*snapshot_, "n"), "n/");
  EXPECT_EQ(known(*snapshot_, "b"), "-");
  EXPECT_TRUE(snapshot_->details("z"));
}

TEST_F(GrowingSnapshots, HoldExactlyOnePageAndOneMore) {
  for (const std::size_t entries : {5000U, 5001U}) {
    const auto snapshot = start();
    BlobPage page;
    for (std::size_t i = 0; i < 5000; ++i) page.blobs.push_back(blob(std::to_string(100'000 + i)));
    const Waiting last_of_page(*snapshot, 4998), behind(*snapshot, 5000);
    snapshot->add(page, SteadyTime{});
    EXPECT_EQ(last_of_page.outcome(), "4999");  // the last one may be a directory yet
    EXPECT_EQ(behind.outcome(), "waits");
    if (entries > 5000) snapshot->add(page_of({}, {"200000/"}), SteadyTime{});
    snapshot->finish();

    EXPECT_EQ(snapshot->size(), entries);
    EXPECT_EQ(behind.outcome(), std::to_string(entries));
    EXPECT_EQ(shown(*snapshot).size(), entries);
    for (std::size_t i = 0; i < 5000; ++i) ASSERT_EQ(snapshot->index_of(std::to_string(100'000 + i)), i);
    EXPECT_EQ(known(*snapshot, "200000"), entries > 5000 ? "200000/" : "-");
  }
}

TEST_F(GrowingSnapshots, CanBeReadWhileTheyGrow) {
  constexpr int pages = 200;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([this] {
      std::vector<std::string_view> names;
      for (std::size_t next = 0;;) {
        std::promise<std::size_t> told;
        snapshot_->wait_for(next, [&told](Result<std::size_t> count) { told.set_value(count.value()); });
        const auto count = told.get_future().get();
        for (; next < count; ++next) names.push_back(snapshot_->item(next).name);
        if (snapshot_->complete() && next == snapshot_->size()) break;
      }
      EXPECT_EQ(names.size(), static_cast<std::size_t>(2 * pages));
      EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
    });
  }
  for (int i = 0; i < pages; ++i) {
    const auto name = std::to_string(1000 + i);
    add(page_of({blob(name + "a"), blob(name + "b")}));
  }
  snapshot_->finish();
  for (auto& reader : readers) reader.join();
}

std::uint64_t seed_of_this_run() {
  const char* const given = std::getenv("BLOBMOUNT_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

/// What is right by sight: the files and directories that a set of blob names makes.
std::map<std::string, FileKind> right_by_sight(const std::set<std::string>& blobs,
                                               const std::string& prefix) {
  std::map<std::string, FileKind> entries;
  for (const auto& name : blobs) {
    if (!name.starts_with(prefix) || name == prefix) continue;
    const auto rest = name.substr(prefix.size());
    const auto slash = rest.find('/');
    const auto component = rest.substr(0, slash);
    if (component.empty() || component == "." || component == "..") continue;
    if (slash != std::string::npos) {
      entries[component] = FileKind::directory;
    } else {
      entries.try_emplace(component, FileKind::file);
    }
  }
  return entries;
}

TEST_F(Snapshots, OfRandomNamesAreRightAtEachPageAndWhatTheySayStays) {
  const auto seed = seed_of_this_run();
  SCOPED_TRACE("BLOBMOUNT_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 dice(seed);
  const auto below = [&dice](std::uint64_t end) { return dice() % end; };
  constexpr std::string_view letters = "a-./0";
  for (int round = 0; round < 300; ++round) {
    tests::BlobModel service;
    std::set<std::string> blobs;
    service.put_container("docs");
    for (auto left = below(40); left > 0; --left) {
      std::string name = below(2) == 0 ? "a/" : "";
      for (auto length = 1 + below(5); length > 0; --length) name += letters[below(letters.size())];
      blobs.insert(name);
      service.put("docs", name, 1, {}, {});
    }
    service.limit_pages(1 + static_cast<int>(below(8)));
    service.put_empty_pages_between(static_cast<int>(below(2)));
    const std::string prefix = below(2) == 0 ? "a/" : "";
    const auto expected = right_by_sight(blobs, prefix);

    const auto snapshot = start(prefix);
    std::string next;
    std::vector<std::string> shown_before;
    do {
      const auto page =
          service.list_blobs({.container = "docs", .prefix = prefix, .delimiter = "/", .marker = next});
      ASSERT_TRUE(page);
      snapshot->add(*page, SteadyTime{});
      next = page->next_marker;
      if (next.empty()) snapshot->finish();

      const auto now = shown(*snapshot);
      ASSERT_GE(now.size(), shown_before.size());
      ASSERT_TRUE(std::equal(shown_before.begin(), shown_before.end(), now.begin()));
      shown_before = now;
      for (int i = 0; i < 20; ++i) {
        std::string name;
        for (auto length = 1 + below(4); length > 0; --length) name += "a-.0"[below(4)];
        if (name == "." || name == "..") continue;
        const auto found = snapshot->find(name);
        if (!found.decided) continue;
        const auto right = expected.find(name);
        ASSERT_EQ(found.entry.has_value(), right != expected.end()) << name;
        if (!found.entry) continue;
        ASSERT_EQ(found.entry->kind, right->second) << name;
      }
    } while (!next.empty());

    std::map<std::string, FileKind> all;
    for (std::size_t i = 0; i < snapshot->shown(); ++i) {
      const auto item = snapshot->item(i);
      if (item.name.empty()) continue;
      ASSERT_TRUE(all.emplace(item.name, item.kind).second) << item.name;
    }
    ASSERT_EQ(all, expected);
  }
}

TEST_F(Snapshots, SayWhichNamesAreNotWhatTheyWere) {
  auto overwritten = blob("b");
  overwritten.properties.etag = "\"2\"";
  const auto old = snapshot_of({page_of({blob("a"), blob("b"), blob("c"), blob("e")}, {"d/", "f/"})});
  const auto fresh = snapshot_of({page_of({blob("a"), blob("aa"), overwritten, blob("f")}, {"d/", "e/"})});

  EXPECT_THAT(changed_names(*old, *fresh), UnorderedElementsAre("b", "c", "e", "f"));
  EXPECT_THAT(changed_names(*old, *old), IsEmpty());
  EXPECT_THAT(changed_names(*snapshot_of({}), *fresh), IsEmpty());
  EXPECT_THAT(changed_names(*old, *snapshot_of({})), UnorderedElementsAre("a", "b", "c", "d", "e", "f"));
}

TEST_F(Snapshots, DoNotTakeAnotherOrderForAChange) {
  const auto ordered = snapshot_of({page_of({blob("a"), blob("b")}), page_of({blob("c")}, {"d/"})});
  const auto otherwise = snapshot_of({page_of({blob("c")}, {"d/"}), page_of({blob("a"), blob("b")})});

  EXPECT_THAT(changed_names(*ordered, *otherwise), IsEmpty());
  EXPECT_THAT(changed_names(*otherwise, *ordered), IsEmpty());
}

}  // namespace
}  // namespace blobmount
