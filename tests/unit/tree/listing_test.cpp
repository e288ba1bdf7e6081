#include "tree/listing.hpp"

#include <future>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_blob_store.hpp"
#include "fakes/manual_clock.hpp"
#include "support/blocking_store.hpp"
#include "support/eventually.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Call = tests::FakeBlobStore::Call;

std::vector<std::string> names_in(const DirectorySnapshot& snapshot) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < snapshot.shown(); ++i) {
    if (const auto item = snapshot.item(i); !item.name.empty()) names.emplace_back(item.name);
  }
  return names;
}

class Listing : public testing::Test {
 protected:
  SharedSnapshot start(const Location& directory) {
    return std::make_shared<DirectorySnapshot>(budget_, directory.path, clock_.now());
  }
  Result<SharedSnapshot> list(const Location& directory) {
    const auto snapshot = start(directory);
    BM_TRY(tests::outcome_of<void>([&](auto done) {
      list_directory(store_, clock_, containers_, directory, snapshot, std::move(done));
    }));
    EXPECT_TRUE(snapshot->complete());
    return snapshot;
  }
  Result<std::vector<std::string>> names_at(const Location& directory) {
    BM_ASSIGN(snapshot, list(directory));
    return names_in(*snapshot);
  }

  tests::ManualClock clock_;
  MemoryBudget budget_{64U << 20U};
  ContainerFilter containers_{{}};
  tests::FakeBlobStore store_;
};

TEST_F(Listing, GoesToTheEndPageAfterPage) {
  for (const auto* name : {"a", "b", "c/d", "e", "f"}) store_.put("docs", name, "text");
  store_.limit_pages(2);

  const auto names = names_at({"docs", ""});

  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre("a", "b", "c", "e", "f"));
  EXPECT_EQ(store_.calls(Call::list_blobs), 3);
  EXPECT_EQ(store_.calls(), 3);
}

TEST_F(Listing, GoesOnBehindEmptyPages) {
  for (const auto* name : {"a", "b", "c"}) store_.put("docs", name, "text");
  store_.limit_pages(1);
  store_.put_empty_pages_between(3);

  const auto names = names_at({"docs", ""});

  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre("a", "b", "c"));
}

TEST_F(Listing, OfAPrefixShowsWhatIsBelowIt) {
  for (const auto* name : {"a/1", "a/2/3", "a-1", "a.txt", "b"}) store_.put("docs", name, "text");

  const auto names = names_at({"docs", "a/"});

  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre("1", "2"));
}

TEST_F(Listing, OfAnAccountShowsItsContainersToTheEnd) {
  for (const auto* name : {"one", "three", "two"}) store_.put_container(name);
  store_.limit_pages(1);

  const auto names = names_at({});

  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre("one", "three", "two"));
  EXPECT_EQ(store_.calls(Call::list_containers), 3);
}

TEST_F(Listing, OfNothingIsEmpty) {
  store_.put_container("docs");

  const auto names = names_at({"docs", "no/such/"});

  ASSERT_TRUE(names);
  EXPECT_THAT(*names, IsEmpty());
}

TEST_F(Listing, EndsWithTheErrorOfAnyPageAndSaysWhatWasListed) {
  for (const auto* name : {"a/1", "a/2", "a/3"}) store_.put("docs", name, "text");
  store_.limit_pages(1);
  store_.hold();
  const auto snapshot = start({"docs", "a/"});
  std::optional<Status> outcome;
  list_directory(store_, clock_, containers_, {"docs", "a/"}, snapshot,
                 tests::exactly_once<void>([&](auto status) { outcome = std::move(status); }));
  store_.fail_next(Call::list_blobs, {ErrorCode::throttled, "slow down"});  // the second page

  store_.release_one();
  store_.wait_for_held(1);
  store_.release();
  const auto later = list({"docs", ""});  // its answer comes after those

  ASSERT_TRUE(outcome);
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().code, ErrorCode::throttled);
  EXPECT_THAT(outcome->error().message, HasSubstr("list 'docs/a/'"));
  const auto rest = tests::outcome_of<std::size_t>([&](auto done) { snapshot->wait_for(1, done); });
  ASSERT_FALSE(rest);
  EXPECT_EQ(rest.error().code, ErrorCode::throttled);
  EXPECT_TRUE(later);
}

TEST_F(Listing, KnowsWhenItsPagesWereAskedFor) {
  store_.put("docs", "a", "text");
  store_.put("docs", "b", "text");
  store_.limit_pages(1);
  const auto began = clock_.now();
  store_.hold();
  const auto snapshot = start({"docs", ""});
  list_directory(store_, clock_, containers_, {"docs", ""}, snapshot, [](const auto&) {});
  store_.wait_for_held(1);

  clock_.advance(40s);
  store_.release();
  ASSERT_TRUE(list({"docs", ""}));

  ASSERT_TRUE(snapshot->complete());
  EXPECT_EQ(snapshot->asked(), began);
  EXPECT_EQ(snapshot->asked(0), began);
  EXPECT_EQ(snapshot->asked(1), began + 40s);
}

TEST_F(Listing, ShowsAPageWhileTheNextIsOnItsWay) {
  for (const auto* name : {"a/1", "b/1", "c/1"}) store_.put("docs", name, "text");
  store_.limit_pages(1);
  store_.hold();
  const auto snapshot = start({"docs", ""});
  list_directory(store_, clock_, containers_, {"docs", ""}, snapshot, [](const auto&) {});

  store_.release_one();
  store_.wait_for_held(1);  // it is asked for as soon as its marker is known, maybe before the page is shown

  EXPECT_TRUE(tests::eventually(10s, [&] { return names_in(*snapshot) == std::vector<std::string>{"a"}; }));
  EXPECT_FALSE(snapshot->complete());
}

TEST_F(Listing, EndsWhenNobodyReadsAnyMore) {
  for (const auto* name : {"a", "b", "c", "d"}) store_.put("docs", name, "text");
  store_.limit_pages(1);
  store_.hold();
  auto snapshot = start({"docs", ""});
  const std::weak_ptr<DirectorySnapshot> watched = snapshot;
  std::promise<Status> told;
  auto outcome = told.get_future();
  list_directory(store_, clock_, containers_, {"docs", ""}, snapshot,
                 tests::exactly_once<void>([&](auto status) { told.set_value(std::move(status)); }));
  store_.release_one();
  store_.wait_for_held(1);
  ASSERT_EQ(outcome.wait_for(0s), std::future_status::timeout);

  snapshot.reset();
  store_.release();

  ASSERT_EQ(outcome.wait_for(10s), std::future_status::ready);
  const auto ended = outcome.get();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::cancelled);
  EXPECT_THAT(ended.error().message, HasSubstr("docs/"));
  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(store_.calls(Call::list_blobs), 2);
}

TEST_F(Listing, GoesOnForWhoWaitsForTheFirstPage) {
  for (const auto* name : {"a", "b"}) store_.put("docs", name, "text");
  store_.limit_pages(1);
  store_.put_empty_pages_between(2);
  auto snapshot = start({"docs", ""});
  std::promise<std::size_t> told;
  snapshot->wait_for(0, [&told, snapshot](Result<std::size_t> count) { told.set_value(count.value()); });

  list_directory(store_, clock_, containers_, {"docs", ""}, snapshot, [](const auto&) {});
  snapshot.reset();

  EXPECT_GE(told.get_future().get(), 1U);
}

TEST_F(Listing, OfAnAccountLeavesOutTheContainersThatAreNotShown) {
  for (const auto* name : {"$logs", "$web", "docs", "photos-1", "photos-2"}) store_.put_container(name);
  store_.limit_pages(2);
  EXPECT_THAT(names_at({}).value(), ElementsAre("docs", "photos-1", "photos-2"));

  const ContainerFilter some({"photos-*", "$web"});
  const auto snapshot = start({});
  ASSERT_TRUE(tests::outcome_of<void>(
      [&](auto done) { list_directory(store_, clock_, some, {}, snapshot, std::move(done)); }));
  EXPECT_THAT(names_in(*snapshot), ElementsAre("$web", "photos-1", "photos-2"));
}

TEST(ContainerFilters, ShowAllButThoseOfTheServiceWhereNothingIsSaid) {
  const ContainerFilter filter({});

  EXPECT_TRUE(filter.shows("docs"));
  EXPECT_TRUE(filter.shows("a-1"));
  for (const auto* name : {"$root", "$logs", "$web", "$blobchangefeed"}) EXPECT_FALSE(filter.shows(name));
}

TEST(ContainerFilters, ShowWhatAnyPatternMatches) {
  const ContainerFilter filter({"docs", "photos-[0-9]", "log?", "*-public"});

  for (const auto* name : {"docs", "photos-1", "logs", "a-public"}) EXPECT_TRUE(filter.shows(name)) << name;
  for (const auto* name : {"docs2", "doc", "photos-a", "photos-12", "log", "public", "$logs", "$a-public"})
    EXPECT_FALSE(filter.shows(name)) << name;
}

TEST(ContainerFilters, ShowThoseOfTheServiceOnlyWhereAPatternBeginsAsTheyDo) {
  const ContainerFilter any({"*", "?logs", "[$]logs"}), some({"$l*", "docs"}), all({"*", "$*"});

  EXPECT_TRUE(any.shows("docs"));
  EXPECT_FALSE(any.shows("$logs"));
  EXPECT_TRUE(some.shows("$logs"));
  EXPECT_FALSE(some.shows("$web"));
  EXPECT_TRUE(all.shows("$web"));
  EXPECT_TRUE(all.shows("docs"));
}

TEST(ContainerFilters, HideContainersOfTheAccountAndNothingBelow) {
  const ContainerFilter filter({"docs"});

  EXPECT_TRUE(filter.hides({}, "photos"));
  EXPECT_FALSE(filter.hides({}, "docs"));
  EXPECT_FALSE(filter.hides({"docs", ""}, "photos"));
  EXPECT_FALSE(filter.hides({"docs", "a/"}, "$x"));
}

/// Keeps the questions, for the test to answer.
class StoreByHand final : public BlobStore {
 public:
  void list_containers(const ListContainersQuery&, Completion<ContainerPage>) override {}
  void get_container(const std::string&, Completion<ContainerProperties>) override {}
  void list_blobs(const ListBlobsQuery& query, Completion<BlobPage> done) override {
    queries.push_back(query);
    answers.push_back(std::move(done));
  }
  void get_properties(const std::string&, const std::string&, Completion<BlobProperties>) override {}
  void read(const BlobVersion&, ByteRange, OnPiece, Completion<void>) override {}

  std::vector<ListBlobsQuery> queries;
  std::vector<Completion<BlobPage>> answers;
};

TEST_F(Listing, AsksForTheNextPageWhileTheOneBeforeIsStillComing) {
  StoreByHand store;
  const auto snapshot = start({"docs", "a/"});
  std::optional<Status> outcome;
  list_directory(store, clock_, containers_, {"docs", "a/"}, snapshot,
                 [&](auto status) { outcome = std::move(status); });
  ASSERT_EQ(store.queries.size(), 1U);
  ASSERT_TRUE(store.queries[0].next_known);

  store.queries[0].next_known("2");
  ASSERT_EQ(store.queries.size(), 2U);
  EXPECT_EQ(store.queries[1].marker, "2");
  EXPECT_EQ(store.queries[1].container, "docs");
  EXPECT_EQ(store.queries[1].prefix, "a/");
  EXPECT_EQ(store.queries[1].delimiter, "/");
  store.answers[1]({BlobPage{.blobs = {{.name = "a/2"}}}});
  EXPECT_THAT(names_in(*snapshot), IsEmpty());
  store.answers[0]({BlobPage{.blobs = {{.name = "a/1"}}, .next_marker = "2"}});

  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ(store.queries.size(), 2U);
  EXPECT_THAT(names_in(*snapshot), ElementsAre("1", "2"));
  store.queries.clear();  // they keep the listing alive
}

// Else who opens the directory in that moment may wait for ever.
TEST_F(Listing, NobodyGetsHoldOfASnapshotThatNoListingGoesOnWith) {
  StoreByHand store;
  auto snapshot = start({"docs", ""});
  const std::weak_ptr<DirectorySnapshot> growing = snapshot;
  list_directory(store, clock_, containers_, {"docs", ""}, snapshot, [](const auto&) {});
  store.answers[0](BlobPage{.blobs = {{.name = "1"}, {.name = "2"}}, .next_marker = "2"});
  ASSERT_EQ(store.queries.size(), 2U);

  snapshot.reset();

  EXPECT_TRUE(growing.expired());
  store.answers[1](BlobPage{.blobs = {{.name = "3"}}, .next_marker = "3"});
  EXPECT_EQ(store.queries.size(), 2U);
  store.queries.clear();
}

TEST_F(Listing, ThatStandsStillWithoutAReaderReportsThat) {
  StoreByHand store;
  auto snapshot = start({"docs", ""});
  std::optional<Status> outcome;
  list_directory(store, clock_, containers_, {"docs", ""}, snapshot,
                 tests::exactly_once<void>([&](auto status) { outcome = std::move(status); }));
  snapshot->wait_for(0, [&snapshot](const auto&) { snapshot.reset(); });

  store.answers[0](BlobPage{.blobs = {{.name = "1"}}, .next_marker = "2"});
  store.answers.clear();
  store.queries.clear();

  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().code, ErrorCode::cancelled);
}

TEST_F(Listing, AheadStandsStillBehindItsFirstPageBeforeItIsToGoOn) {
  for (const auto* name : {"a", "b", "c", "d", "e"}) store_.put("docs", name, "text");
  store_.limit_pages(2);
  const auto snapshot = start({"docs", ""});
  std::promise<Status> ended;
  const auto listing =
      listing_ahead(store_, clock_, containers_, {"docs", ""}, snapshot,
                    tests::exactly_once<void>([&](auto status) { ended.set_value(std::move(status)); }));
  EXPECT_EQ(store_.calls(), 0);

  listing->start();
  ASSERT_TRUE(tests::outcome_of<std::size_t>([&](auto done) { snapshot->wait_for(0, done); }));
  store_.put_container("later");
  ASSERT_TRUE(list({"later", ""}));  // its answer comes after what else was asked
  EXPECT_EQ(store_.calls(Call::list_blobs), 1 + 1);

  listing->go_on();
  EXPECT_TRUE(ended.get_future().get());
  EXPECT_THAT(names_in(*snapshot), ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(Listing, AheadThatIsLetGoOfEnds) {
  StoreByHand store;
  const auto snapshot = start({"docs", ""});
  std::optional<Status> outcome;
  auto listing = listing_ahead(store, clock_, containers_, {"docs", ""}, snapshot,
                               tests::exactly_once<void>([&](auto status) { outcome = std::move(status); }));
  listing->start();
  store.answers[0](BlobPage{.blobs = {{.name = "1"}}, .next_marker = "2"});
  store.answers.clear();
  store.queries.clear();
  ASSERT_FALSE(outcome);

  listing.reset();

  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().code, ErrorCode::cancelled);
  EXPECT_TRUE(snapshot->failed());
}

TEST_F(Listing, AsksForNoFurtherPageWhereNobodyReads) {
  StoreByHand store;
  auto snapshot = start({"docs", ""});
  list_directory(store, clock_, containers_, {"docs", ""}, snapshot, [](const auto&) {});
  snapshot.reset();

  store.queries[0].next_known("2");

  EXPECT_EQ(store.queries.size(), 1U);
  store.answers[0](Error{ErrorCode::cancelled, "the test ends"});
  store.queries.clear();
}

}  // namespace
}  // namespace blobmount
