#include "tree/directory.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/exactly_once.hpp"
#include "fakes/fake_blob_store.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "support/blocking_store.hpp"
#include "unit/tree/described_blobs.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;
using Call = tests::FakeBlobStore::Call;

constexpr MaximumAge young{.present = 1s, .absent = 1s};
constexpr MaximumAge lenient{.present = 10s, .absent = 1s};
constexpr MaximumAge always_asks{};

/// The outcome of a call, once it is there.
template <typename T>
class Outcome {
 public:
  Completion<T> completion() {
    return tests::exactly_once<T>([state = state_](Result<T> result) { *state = std::move(result); });
  }
  [[nodiscard]] bool there() const { return state_->has_value(); }
  Result<T>& get() { return **state_; }

 private:
  std::shared_ptr<std::optional<Result<T>>> state_ = std::make_shared<std::optional<Result<T>>>();
};

std::vector<std::string> names_in(const DirectorySnapshot& snapshot) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < snapshot.shown(); ++i) {
    if (const auto item = snapshot.item(i); !item.name.empty()) names.emplace_back(item.name);
  }
  return names;
}

/// Answers come on the test's thread: at once, or when they are released.
class DirectoryTest : public testing::Test {
 protected:
  Outcome<Found> look_up(const std::string& name, MaximumAge age = young) {
    Outcome<Found> outcome;
    directory_->look_up(name, age, outcome.completion());
    return outcome;
  }
  Outcome<Found> renew(const std::string& name, MaximumAge age = young) {
    Outcome<Found> outcome;
    directory_->renew(name, age, outcome.completion());
    return outcome;
  }
  Outcome<SharedSnapshot> list(Duration age = 1s) {
    Outcome<SharedSnapshot> outcome;
    directory_->list({.opened = age, .walked = age}, outcome.completion());
    return outcome;
  }
  Result<BlobDetails> details(const std::string& name, const std::string& etag,
                              const DetailsAge& age = {.answered = 10s, .listed = 10s}) {
    Outcome<BlobDetails> outcome;
    directory_->details(name, etag, age, outcome.completion());
    EXPECT_TRUE(outcome.there());
    return std::move(outcome.get());
  }
  std::shared_ptr<Directory> directory_at(Location where, InodeId inode = root_inode) {
    return std::make_shared<Directory>(context_, inode, std::move(where));
  }
  /// Whose entries have changed since the last call, as on_change was told.
  std::vector<std::string> changes() { return std::exchange(changes_, {}); }
  /// Its ETag, "nothing", or the error's code.
  static std::string version_in(Outcome<Found> outcome) {
    if (!outcome.there()) return "no answer yet";
    auto& found = outcome.get();
    if (!found) return std::string(name_of(found.error().code));
    return found->entry ? found->entry->etag : "nothing";
  }
  std::string version_of(const std::string& name, MaximumAge age = young) {
    return version_in(look_up(name, age));
  }
  std::string put(const std::string& name) { return store_.put("docs", name, "text").etag; }

  tests::ManualClock clock_;
  tests::RecordingLog log_;
  MemoryBudget budget_{64U << 20U};
  SnapshotShelf snapshots_{budget_};
  tests::FakeBlobStore store_{tests::FakeBlobStore::Delivery::at_once};
  tests::DescribedBlobs described_{store_};
  ContainerFilter containers_{{}};
  Walks walks_{described_,
               snapshots_,
               containers_,
               budget_,
               clock_,
               {"docs", ""},
               [](const Location&, const SharedSnapshot&, const DirectorySnapshot&) {}};
  std::vector<std::string> changes_;
  const DirectoryContext context_{.store = described_,
                                  .snapshots = snapshots_,
                                  .walks = walks_,
                                  .containers = containers_,
                                  .budget = budget_,
                                  .clock = clock_,
                                  .log = log_,
                                  .on_change = [this](InodeId inode, const std::string& name) {
                                    changes_.push_back((inode == root_inode ? "" : "elsewhere ") + name);
                                  }};
  std::shared_ptr<Directory> directory_ = directory_at({"docs", ""});
};

TEST_F(DirectoryTest, AsksForANameThatItDoesNotKnow) {
  const auto etag = put("a");

  auto found = look_up("a");

  EXPECT_EQ(version_in(found), etag);
  EXPECT_EQ(found.get()->asked, clock_.now());
  EXPECT_EQ(store_.calls(), 2);
}

TEST_F(DirectoryTest, BelievesAnAnswerUntilItIsTooOld) {
  const auto first = put("a");
  EXPECT_EQ(version_of("a"), first);
  const auto second = put("a");

  clock_.advance(999ms);
  EXPECT_EQ(version_of("a"), first);
  clock_.advance(1ms);
  EXPECT_EQ(version_of("a"), second);
  EXPECT_EQ(store_.calls(Call::get_properties), 2);
}

TEST_F(DirectoryTest, BelievesInPresenceAndAbsenceForDifferentTimes) {
  const auto etag = put("a");
  EXPECT_EQ(version_of("a", lenient), etag);
  EXPECT_EQ(version_of("b", lenient), "nothing");
  store_.remove("docs", "a");
  const auto created = put("b");

  clock_.advance(1s);

  EXPECT_EQ(version_of("a", lenient), etag);
  EXPECT_EQ(version_of("b", lenient), created);
}

TEST_F(DirectoryTest, AnswersFromAListingWithNoRequest) {
  const auto etag = put("a");
  put("d/e");
  ASSERT_TRUE(list().there());
  const auto calls = store_.calls();

  EXPECT_EQ(version_of("a"), etag);
  EXPECT_EQ(version_of("d"), "");
  EXPECT_EQ(version_of("absent"), "nothing");

  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(DirectoryTest, ListsAgainWhenTheListingIsTooOld) {
  put("a");
  ASSERT_TRUE(list().there());
  put("b");

  clock_.advance(999ms);
  EXPECT_THAT(names_in(**list().get()), ElementsAre("a"));
  clock_.advance(1ms);
  EXPECT_THAT(names_in(**list().get()), ElementsAre("a", "b"));
  EXPECT_EQ(store_.calls(Call::list_blobs), 2);
}

TEST_F(DirectoryTest, PrefersAnAnswerThatIsYoungerThanTheListing) {
  put("a");
  ASSERT_TRUE(list().there());
  clock_.advance(2s);
  const auto second = put("a");
  EXPECT_EQ(version_of("a"), second);

  EXPECT_EQ(version_of("a", lenient), second);
}

TEST_F(DirectoryTest, PrefersAListingThatIsYoungerThanTheAnswer) {
  const auto first = put("a");
  EXPECT_EQ(version_of("a"), first);
  const auto second = put("a");
  clock_.advance(10ms);
  ASSERT_TRUE(list().there());

  EXPECT_EQ(version_of("a"), second);
}

TEST_F(DirectoryTest, KeepsAnAnswerThatCameDuringTheListing) {
  put("a");
  store_.hold();
  auto listing = list();
  clock_.advance(10ms);
  const auto second = put("a");
  auto found = look_up("a");
  store_.release();
  ASSERT_TRUE(listing.there());
  ASSERT_EQ(version_in(found), second);

  EXPECT_EQ(version_of("a"), second);
}

TEST_F(DirectoryTest, ManyWhoAskForANameShareOneRequest) {
  const auto etag = put("a");
  store_.hold();
  std::vector<Outcome<Found>> outcomes;
  for (int i = 0; i < 100; ++i) outcomes.push_back(look_up("a"));
  EXPECT_EQ(store_.calls(), 2);

  store_.release();

  for (auto& outcome : outcomes) EXPECT_EQ(version_in(outcome), etag);
  EXPECT_EQ(store_.calls(), 2);
}

TEST_F(DirectoryTest, ManyWhoListShareOneRequest) {
  put("a");
  store_.hold();
  std::vector<Outcome<SharedSnapshot>> outcomes;
  for (int i = 0; i < 100; ++i) outcomes.push_back(list());
  EXPECT_EQ(store_.calls(), 1);

  store_.release();

  for (auto& outcome : outcomes) {
    ASSERT_TRUE(outcome.there() && outcome.get());
    EXPECT_EQ(*outcome.get(), *outcomes.front().get());
  }
  EXPECT_EQ(store_.calls(), 1);
}

TEST_F(DirectoryTest, WhoAlwaysAsksIsNotGivenWhatWasAskedForBefore) {
  const auto first = put("a");
  store_.hold();
  auto before = look_up("a", always_asks);
  const auto second = put("a");
  auto after = look_up("a", always_asks);
  auto another = look_up("a", always_asks);

  store_.release();

  EXPECT_EQ(version_in(before), first);
  EXPECT_EQ(version_in(after), second);
  EXPECT_EQ(version_in(another), second);
  EXPECT_EQ(store_.calls(Call::get_properties), 2);
}

TEST_F(DirectoryTest, ARequestThatHasBeenUnderWayForLongDoesNotAnswerThoseWhoComeLate) {
  const auto first = put("a");
  store_.hold();
  auto before = look_up("a");
  const auto second = put("a");
  clock_.advance(999ms);
  auto in_time = look_up("a");
  clock_.advance(1ms);
  auto late = look_up("a");

  store_.release();

  EXPECT_EQ(version_in(before), first);
  EXPECT_EQ(version_in(in_time), first);
  EXPECT_EQ(version_in(late), second);
}

TEST_F(DirectoryTest, AListingThatHasBeenUnderWayForLongIsFollowedByOneForThoseWhoComeLate) {
  put("a");
  store_.hold();
  auto before = list();
  put("b");
  clock_.advance(1s);
  auto late = list();
  auto also_late = list();

  store_.release();

  EXPECT_THAT(names_in(**before.get()), ElementsAre("a"));
  EXPECT_THAT(names_in(**late.get()), ElementsAre("a", "b"));
  EXPECT_EQ(*late.get(), *also_late.get());
  EXPECT_EQ(store_.calls(Call::list_blobs), 2);
}

TEST_F(DirectoryTest, AFailureAnswersThoseWhoComeLateToo) {
  store_.put_container("docs");
  store_.fail_next(Call::list_blobs, {ErrorCode::unavailable, "try later"});
  store_.hold();
  auto before = list(0s);
  auto late = list(0s);

  store_.release();

  EXPECT_EQ(before.get().error().code, ErrorCode::unavailable);
  EXPECT_EQ(late.get().error().code, ErrorCode::unavailable);
  EXPECT_EQ(store_.calls(), 1);
}

TEST_F(DirectoryTest, DoesNotRememberFailures) {
  const auto etag = put("a");
  store_.fail_next(Call::get_properties, {ErrorCode::permission_denied, "no role"});
  EXPECT_EQ(version_of("a"), "permission_denied");
  EXPECT_EQ(version_of("a"), etag);

  store_.fail_next(Call::list_blobs, {ErrorCode::permission_denied, "no role"});
  EXPECT_FALSE(list().get());
  EXPECT_TRUE(list().get());
}

TEST_F(DirectoryTest, AFailedListingLeavesTheOneBefore) {
  const auto etag = put("a");
  ASSERT_TRUE(list().get());
  clock_.advance(2s);
  store_.fail_next(Call::list_blobs, {ErrorCode::unavailable, "try later"});
  ASSERT_FALSE(list().get());
  const auto calls = store_.calls();

  EXPECT_EQ(version_of("a", lenient), etag);

  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(DirectoryTest, AnEntryOfALongListingIsAsOldAsItsPageAndNotAsTheListingsEnd) {
  const auto early = put("a"), late = put("b");
  store_.limit_pages(1);
  store_.hold();
  auto listing = list();
  clock_.advance(60s);
  store_.release_one();  // the page of "b" is asked for
  const auto overwritten = put("a");
  const auto later = put("b");
  store_.release();
  ASSERT_TRUE(listing.there());
  const auto calls = store_.calls();

  EXPECT_EQ(version_of("b", young), late);
  EXPECT_EQ(store_.calls(), calls);
  EXPECT_EQ(version_of("a", lenient), overwritten);
  clock_.advance(9s);
  EXPECT_EQ(version_of("b", lenient), late);
  EXPECT_EQ(version_of("b", young), later);
}

TEST_F(DirectoryTest, TellsOfANameThatALaterPageFindsOtherThanALookupDuringTheListing) {
  put("a");
  const auto looked_up = put("b");
  store_.limit_pages(1);
  store_.hold();
  auto listing = list();
  clock_.advance(1s);
  auto lookup = look_up("b");
  clock_.advance(1s);
  const auto overwritten = put("b");
  store_.release();
  ASSERT_TRUE(listing.there());

  EXPECT_EQ(version_in(lookup), looked_up);
  EXPECT_EQ(version_of("b"), overwritten);
  EXPECT_THAT(changes(), Contains("b"));
}

TEST_F(DirectoryTest, WhatAListingSaysIsOutdatedOnceSomethingYoungerIsSaid) {
  put("a");
  put("b");
  const auto listing = list().get().value();
  const auto outdated = [&](const std::string& name) {
    return directory_->outdated(name, listing->asked(0), listing);
  };
  clock_.advance(2s);
  EXPECT_FALSE(outdated("a"));

  look_up("a");
  EXPECT_TRUE(outdated("a"));
  EXPECT_FALSE(outdated("b"));

  clock_.advance(2s);
  ASSERT_TRUE(list().get());
  EXPECT_TRUE(outdated("a"));
  EXPECT_TRUE(outdated("b"));
}

TEST_F(DirectoryTest, ANameThatWasCreatedDuringALongListingIsNotAbsent) {
  store_.put_container("docs");
  store_.hold();
  auto listing = list();
  clock_.advance(60s);
  const auto created = put("a");
  store_.release();
  ASSERT_TRUE(listing.there());

  EXPECT_EQ(version_of("a", lenient), created);
}

TEST_F(DirectoryTest, AsksAgainForWhatIsDoubted) {
  const auto first = put("a");
  EXPECT_EQ(version_of("a"), first);
  const auto second = put("a");
  directory_->doubt("a");

  clock_.advance(1ms);
  EXPECT_EQ(version_of("a"), second);
  const auto calls = store_.calls();
  EXPECT_EQ(version_of("a"), second);
  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(DirectoryTest, DoubtsWhatAListingSaysToo) {
  const auto listed = put("a");
  const auto other = put("b");
  ASSERT_TRUE(list().get());
  store_.remove("docs", "a");
  directory_->doubt("a");

  EXPECT_EQ(version_of("a"), "nothing");
  EXPECT_EQ(version_of("b"), other);
}

TEST_F(DirectoryTest, ADoubtOutlivesAListingThatBeganBefore) {
  put("a");
  store_.hold();
  auto listing = list();
  const auto second = put("a");
  clock_.advance(1ms);
  directory_->doubt("a");
  store_.release();
  ASSERT_TRUE(listing.there());

  EXPECT_EQ(version_of("a"), second);
}

TEST_F(DirectoryTest, ADoubtOutlivesARequestThatBeganBefore) {
  const auto first = put("a");
  store_.hold();
  auto before = look_up("a");
  const auto second = put("a");
  clock_.advance(1ms);
  directory_->doubt("a");
  auto after = look_up("a");
  store_.release();

  EXPECT_EQ(version_in(before), first);
  EXPECT_EQ(version_in(after), second);
  EXPECT_EQ(version_of("a"), second);
}

TEST_F(DirectoryTest, AListingEndsTheDoubtsFromBefore) {
  put("a");
  directory_->doubt("a");
  clock_.advance(1ms);
  ASSERT_TRUE(list().get());
  const auto calls = store_.calls();

  EXPECT_NE(version_of("a"), "nothing");

  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(DirectoryTest, AListingThatIsNotKeptAnyMoreStillOutdatesAnOlderOne) {
  put("a");
  const auto open = list().get().value();
  clock_.advance(1s);
  directory_->doubt("a");
  clock_.advance(1s);
  ASSERT_TRUE(list().get());
  snapshots_.drop({"docs", ""});

  EXPECT_TRUE(directory_->outdated("a", open->asked(0), open));
}

TEST_F(DirectoryTest, TellsOfNamesLeftOutOnce) {
  put("good");
  put("a//b");
  put(std::string(256, 'x') + "/c");
  directory_ = directory_at({"docs", "a/"});

  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(list().get());
    clock_.advance(1min);
  }

  EXPECT_THAT(log_.lines(), ElementsAre("warning names that no path can have are left out directory=docs/a/ "
                                        "count=1 first=a//"));
}

TEST_F(DirectoryTest, TellsNothingWhereAllNamesAreShown) {
  put("good");
  ASSERT_TRUE(list().get());

  EXPECT_THAT(log_.lines(), IsEmpty());
}

TEST_F(DirectoryTest, CompletionsMayAskAgain) {
  const auto etag = put("a");
  std::string inner;
  bool listed_again = false;

  directory_->look_up("a", young, [&](const auto&) { inner = version_of("a", always_asks); });
  directory_->list({.opened = 1s}, [&](const auto&) {
    directory_->doubt("a");
    listed_again = list(0s).there();
  });

  EXPECT_EQ(inner, etag);
  EXPECT_TRUE(listed_again);
}

TEST_F(DirectoryTest, LivesUntilItsAnswersHaveCome) {
  const auto etag = put("a");
  store_.hold();
  auto found = look_up("a");
  auto listing = list();
  directory_.reset();

  store_.release();

  EXPECT_EQ(version_in(found), etag);
  EXPECT_TRUE(listing.get());
}

TEST_F(DirectoryTest, StaysSmallWhereManyNamesAreAskedFor) {
  store_.put_container("docs");

  // twice the number above which old answers are dropped
  for (int i = 0; i < 8192; ++i) ASSERT_EQ(version_of("name-" + std::to_string(i)), "nothing");

  const auto calls = store_.calls();
  EXPECT_EQ(version_of("name-8191"), "nothing");
  EXPECT_EQ(store_.calls(), calls);
  EXPECT_EQ(version_of("name-0"), "nothing");
  EXPECT_GT(store_.calls(), calls);
}

TEST_F(DirectoryTest, ChargesWhatItKnowsOfNamesOneByOne) {
  const auto before = budget_.left_for_pages();
  for (int i = 0; i < 1000; ++i) version_of("absent-" + std::to_string(i));
  const auto answers = before - budget_.left_for_pages();
  for (int i = 0; i < 1000; ++i) directory_->note_absent("noted-" + std::to_string(i), 1s);
  for (int i = 0; i < 1000; ++i) directory_->doubt("doubted-" + std::to_string(i));

  EXPECT_GE(answers, 1000U * 200);
  EXPECT_GE(before - budget_.left_for_pages(), answers + 2000U * 80);
  directory_.reset();
  EXPECT_EQ(budget_.left_for_pages(), before);
}

TEST_F(DirectoryTest, AnswersFromAListingThatIsUnderWay) {
  const auto first = put("a");
  put("b/c");
  put("x");
  put("y");
  store_.limit_pages(2);
  store_.hold();
  auto listing = list();
  store_.release_one();  // "a" and "b/"
  ASSERT_TRUE(listing.there());
  const auto calls = store_.calls();

  EXPECT_EQ(version_of("a"), first);
  EXPECT_EQ(version_of("b"), "");
  EXPECT_EQ(version_of("aa"), "nothing");
  EXPECT_EQ(store_.calls(), calls);
  auto not_yet = look_up("x");
  EXPECT_EQ(store_.calls(), calls + 2);

  store_.release();
  EXPECT_TRUE(not_yet.there());
  EXPECT_THAT(names_in(**listing.get()), ElementsAre("a", "b", "x", "y"));
}

TEST_F(DirectoryTest, DoesNotTakeANameForAFileThatMayBecomeADirectoryOnTheNextPage) {
  put("a");
  put("a-1");
  put("a/below");
  store_.limit_pages(2);
  store_.hold();
  auto listing = list();
  store_.release_one();  // "a" and "a-1": nothing of it can be shown
  EXPECT_FALSE(listing.there());

  store_.release();

  ASSERT_TRUE(listing.there());
  EXPECT_THAT(names_in(**listing.get()), ElementsAre("a-1", "a"));
  EXPECT_EQ(version_of("a"), "");
}

TEST_F(DirectoryTest, ThoseWhoComeWhileAListingIsUnderWayShareIt) {
  for (const auto* name : {"a/1", "b/1", "c/1"}) put(name);
  store_.limit_pages(1);
  store_.hold();
  auto first = list();
  store_.release_one();
  ASSERT_TRUE(first.there());

  auto second = list();

  ASSERT_TRUE(second.there());
  EXPECT_EQ(*first.get(), *second.get());
  store_.release();
  EXPECT_EQ(store_.calls(), 3);
}

TEST_F(DirectoryTest, AListingThatNobodyReadsAnyMoreEndsAndIsNotKept) {
  for (const auto* name : {"a/1", "b/1", "c/1", "d/1"}) put(name);
  store_.limit_pages(1);
  store_.hold();
  {
    auto listing = list();
    store_.release_one();
    ASSERT_TRUE(listing.there());
  }

  store_.release();

  EXPECT_EQ(store_.calls(), 2);
  EXPECT_EQ(directory_->latest(), nullptr);
  EXPECT_THAT(names_in(**list().get()), ElementsAre("a", "b", "c", "d"));
}

TEST_F(DirectoryTest, AListingThatFailedHalfwayIsNotGivenToTheNext) {
  for (const auto* name : {"a/1", "b/1"}) put(name);
  store_.limit_pages(1);
  store_.hold();
  auto first = list();
  store_.fail_next(Call::list_blobs, {ErrorCode::unavailable, "try later"});
  store_.release();
  ASSERT_TRUE(first.there() && first.get());  // somebody still has it
  Outcome<std::size_t> rest;
  (*first.get())->wait_for(1, rest.completion());
  ASSERT_TRUE(rest.there());
  ASSERT_EQ(rest.get().error().code, ErrorCode::unavailable);

  auto second = list();

  ASSERT_TRUE(second.there() && second.get());
  EXPECT_THAT(names_in(**second.get()), ElementsAre("a", "b"));
}

TEST_F(DirectoryTest, ListsOfAnOpenedDirectoryMayNotBeAsOldAsThoseOfAWalk) {
  put("a");
  ASSERT_TRUE(list().get());
  clock_.advance(2s);
  Outcome<SharedSnapshot> outcome;

  directory_->list({.opened = 1s, .walked = 10s}, outcome.completion());

  EXPECT_EQ(store_.calls(), 2);  // the one that is kept was asked for by who opened it
}

TEST_F(DirectoryTest, RenewsWhatItKnowsWithOneRequest) {
  put("a");
  ASSERT_TRUE(list().get());
  clock_.advance(1s);
  const auto second = put("a");

  auto renewed = renew("a");

  EXPECT_EQ(version_in(renewed), second);
  EXPECT_EQ(renewed.get()->asked, clock_.now());
  EXPECT_EQ(store_.calls(Call::get_properties), 1);
  EXPECT_EQ(store_.calls(Call::list_blobs), 1);  // that was the listing
}

TEST_F(DirectoryTest, RenewsNothingThatIsYoung) {
  const auto etag = put("a");
  ASSERT_TRUE(list().get());
  clock_.advance(999ms);

  EXPECT_EQ(version_in(renew("a")), etag);

  EXPECT_EQ(store_.calls(), 1);
}

TEST_F(DirectoryTest, AsksTheFullQuestionWhereARenewedBlobIsGone) {
  put("gone");
  put("directory");
  ASSERT_TRUE(list().get());
  clock_.advance(1s);
  store_.remove("docs", "gone");
  store_.remove("docs", "directory");
  put("directory/below");

  EXPECT_EQ(version_in(renew("gone")), "nothing");
  auto directory = renew("directory");
  ASSERT_TRUE(directory.get() && directory.get()->entry);
  EXPECT_EQ(directory.get()->entry->kind, FileKind::directory);
}

TEST_F(DirectoryTest, RenewalsAndLookupsOfANameShareARequest) {
  const auto etag = put("a");
  store_.hold();
  auto renewed = renew("a");
  auto looked_up = look_up("a");
  EXPECT_EQ(store_.calls(), 1);

  store_.release();

  EXPECT_EQ(version_in(renewed), etag);
  EXPECT_EQ(version_in(looked_up), etag);
  EXPECT_EQ(store_.calls(), 1);
}

TEST_F(DirectoryTest, AFailedRenewalIsAFailureAndNotAnAbsence) {
  put("a");
  store_.fail_next(Call::get_properties, {ErrorCode::unavailable, "try later"});

  EXPECT_EQ(version_in(renew("a")), "unavailable");
}

TEST_F(DirectoryTest, TellsOfNamesThatAListingShowsOverwrittenOrRemoved) {
  for (const auto* name : {"same", "overwritten", "removed", "becomes-a-directory", "d/below"}) put(name);
  ASSERT_TRUE(list().get());
  EXPECT_THAT(changes(), IsEmpty());
  clock_.advance(1s);
  put("overwritten");
  store_.remove("docs", "removed");
  store_.remove("docs", "becomes-a-directory");
  put("becomes-a-directory/below");
  put("new");
  put("d/more");

  ASSERT_TRUE(list().get());

  EXPECT_THAT(changes(), UnorderedElementsAre("overwritten", "removed", "becomes-a-directory"));
}

TEST_F(DirectoryTest, TellsNothingWhereAListingShowsWhatWasThere) {
  for (const auto* name : {"a", "b", "d/below"}) put(name);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(list().get());
    clock_.advance(1s);
  }

  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(DirectoryTest, TellsOfANameThatALookupFindsOverwrittenOrRemoved) {
  put("a");
  put("b");
  version_of("a");
  version_of("b");
  EXPECT_EQ(version_of("new"), "nothing");
  EXPECT_THAT(changes(), IsEmpty());
  clock_.advance(1s);
  put("a");
  store_.remove("docs", "b");
  put("new");

  version_of("a");
  EXPECT_THAT(changes(), ElementsAre("a"));
  version_of("b");
  EXPECT_THAT(changes(), ElementsAre("b"));
  version_of("new");
  EXPECT_THAT(changes(), IsEmpty());
  clock_.advance(1s);
  for (const auto* name : {"a", "b", "new"}) version_of(name);
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(DirectoryTest, TellsOfANameThatALookupFindsOtherThanAListing) {
  put("a");
  put("b");
  ASSERT_TRUE(list().get());
  clock_.advance(1s);
  put("a");

  version_of("a");
  version_of("b");

  EXPECT_THAT(changes(), ElementsAre("a"));
}

TEST_F(DirectoryTest, TellsOfANameThatARenewalFindsOverwritten) {
  put("a");
  version_of("a");
  clock_.advance(1s);
  put("a");

  renew("a");

  EXPECT_THAT(changes(), ElementsAre("a"));
}

TEST_F(DirectoryTest, TellsOfANameThatAListingFindsOtherThanALookup) {
  put("overwritten");
  put("removed");
  put("same");
  for (const auto* name : {"overwritten", "removed", "same"}) version_of(name);
  clock_.advance(1s);
  put("overwritten");
  store_.remove("docs", "removed");

  ASSERT_TRUE(list().get());

  EXPECT_THAT(changes(), Contains("overwritten"));
  EXPECT_THAT(changes_, Not(Contains("same")));
}

TEST_F(DirectoryTest, TellsOfANameThatAppearedAndWentBetweenTwoListings) {
  put("a");
  ASSERT_TRUE(list().get());
  clock_.advance(1s);
  put("passing");
  version_of("passing");
  clock_.advance(1s);
  store_.remove("docs", "passing");

  ASSERT_TRUE(list().get());

  EXPECT_THAT(changes(), ElementsAre("passing"));
}

TEST_F(DirectoryTest, TellsNothingWhereTheServiceFails) {
  put("a");
  version_of("a");
  clock_.advance(1s);
  store_.fail_next(Call::get_properties, {ErrorCode::unavailable, "try later"});

  EXPECT_EQ(version_of("a"), "unavailable");

  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(DirectoryTest, TellsOfItsOwnInode) {
  directory_ = directory_at({"docs", "d/"}, 7);
  put("d/a");
  version_of("a");
  clock_.advance(1s);
  put("d/a");

  version_of("a");

  EXPECT_THAT(changes(), ElementsAre("elsewhere a"));
}

TEST_F(DirectoryTest, AsksAgainForAllNamesWhenAllIsDoubted) {
  put("a");
  put("b");
  ASSERT_TRUE(list().get());
  version_of("absent");
  const auto a = put("a");
  const auto b = put("b");
  const auto created = put("absent");
  directory_->doubt_all();
  clock_.advance(1ms);

  EXPECT_EQ(version_of("a"), a);
  EXPECT_EQ(version_of("absent"), created);
  EXPECT_THAT(names_in(**list().get()), ElementsAre("a", "absent", "b"));
  const auto calls = store_.calls();
  EXPECT_EQ(version_of("b"), b);
  EXPECT_EQ(version_of("a"), a);
  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(DirectoryTest, ADoubtOfAllOutlivesAListingThatIsUnderWay) {
  put("a/1");
  put("b");
  store_.limit_pages(1);
  store_.hold();
  auto before = list();
  store_.release_one();
  ASSERT_TRUE(before.there());
  clock_.advance(1ms);
  put("c");
  directory_->doubt_all();
  clock_.advance(1ms);

  auto after = list();
  store_.release();

  ASSERT_TRUE(after.there());
  EXPECT_NE(*before.get(), *after.get());
  EXPECT_THAT(names_in(**after.get()), ElementsAre("a", "b", "c"));
}

TEST_F(DirectoryTest, AListingThatWasAskedForBeforeADoubtOfAllDoesNotAnswerThoseWhoComeAfter) {
  put("a");
  store_.hold();
  auto before = list(1h);
  put("b");
  clock_.advance(1ms);
  directory_->doubt_all();
  clock_.advance(1ms);
  auto after = list(1h);

  store_.release();

  EXPECT_THAT(names_in(**before.get()), ElementsAre("a"));
  EXPECT_THAT(names_in(**after.get()), ElementsAre("a", "b"));
}

TEST_F(DirectoryTest, KnowsDetailsFromAListing) {
  const auto etag = put("a");
  described_.describe("a", {.access_tier = "Cool", .content_type = "text/plain", .metadata = {{"x", "y"}}});
  ASSERT_TRUE(list().get());
  const auto calls = store_.calls();

  const auto found = details("a", etag);

  ASSERT_TRUE(found);
  EXPECT_EQ(found->content_type, "text/plain");
  EXPECT_EQ(found->metadata, (std::vector<std::pair<std::string, std::string>>{{"x", "y"}}));
  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(DirectoryTest, KnowsDetailsFromAnAnswer) {
  const auto etag = put("a");
  described_.describe("a", {.content_type = "text/plain"});
  EXPECT_EQ(version_of("a"), etag);
  const auto calls = store_.calls();

  const auto found = details("a", etag);

  ASSERT_TRUE(found);
  EXPECT_EQ(found->content_type, "text/plain");
  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(DirectoryTest, AsksForDetailsThatItDoesNotKnow) {
  const auto etag = put("a");
  described_.describe("a", {.content_type = "text/plain"});

  const auto found = details("a", etag);

  ASSERT_TRUE(found);
  EXPECT_EQ(found->content_type, "text/plain");
  EXPECT_EQ(store_.calls(Call::get_properties), 1);
  EXPECT_EQ(store_.calls(), 1);
}

TEST_F(DirectoryTest, GivesNoDetailsOfAnotherVersion) {
  const auto first = put("a");
  described_.describe("a", {.content_type = "old"});
  ASSERT_TRUE(list().get());
  put("a");
  described_.describe("a", {.content_type = "new"});
  clock_.advance(1s);
  const auto second = *look_up("a").get();

  EXPECT_EQ(details("a", second.entry->etag)->content_type, "new");
  EXPECT_EQ(details("a", first)->content_type, "old");  // the listing still has them
  const auto never = details("a", "\"never\"");
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().code, ErrorCode::changed);
}

TEST_F(DirectoryTest, OfDetailsOfOneVersionTheYoungestCount) {
  const auto etag = put("a");
  const auto tier = [&] { return details("a", etag)->access_tier; };
  described_.describe("a", {.access_tier = "Archive"});
  ASSERT_TRUE(list().get());
  described_.describe("a", {.access_tier = "Cool"});
  clock_.advance(1s);
  EXPECT_EQ(tier(), "Archive");

  EXPECT_EQ(version_of("a"), etag);
  EXPECT_EQ(tier(), "Cool");

  described_.describe("a", {.access_tier = "Hot"});
  clock_.advance(1s);
  ASSERT_TRUE(list().get());
  EXPECT_EQ(tier(), "Hot");
}

TEST_F(DirectoryTest, AsksForDetailsThatListingsDoNotTell) {
  const auto etag = put("a");
  described_.describe("a", {.version_id = "2026"});
  ASSERT_TRUE(list().get());
  EXPECT_EQ(details("a", etag)->version_id, "");

  for (int i = 0; i < 2; ++i) EXPECT_EQ(details("a", etag, {.answered = 10s})->version_id, "2026");

  EXPECT_EQ(store_.calls(Call::get_properties), 1);
}

TEST_F(DirectoryTest, DetailsThatAreTooOldOrDoubtedAreAskedForAgainOnce) {
  const auto etag = put("a");
  const auto tier = [&] { return details("a", etag)->access_tier; };
  described_.describe("a", {.access_tier = "Archive"});
  ASSERT_TRUE(list().get());
  described_.describe("a", {.access_tier = "Hot"});

  clock_.advance(10s);
  EXPECT_EQ(tier(), "Hot");
  EXPECT_EQ(tier(), "Hot");
  EXPECT_EQ(store_.calls(Call::get_properties), 1);

  described_.describe("a", {.access_tier = "Cool"});
  directory_->doubt("a");
  clock_.advance(1ms);
  EXPECT_EQ(tier(), "Cool");
  EXPECT_EQ(store_.calls(Call::get_properties), 2);
}

TEST_F(DirectoryTest, PassesOnThatDetailsCannotBeHad) {
  store_.put_container("docs");

  const auto absent = details("a", "\"1\"");

  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::not_found);
}

TEST_F(DirectoryTest, OfTheAccountAnswersForHiddenContainersWithNoRequest) {
  store_.put_container("docs");
  store_.put_container("$logs");
  Walks walks{store_,
              snapshots_,
              containers_,
              budget_,
              clock_,
              {},
              [](const Location&, const SharedSnapshot&, const DirectorySnapshot&) {}};
  const DirectoryContext context{store_,  snapshots_, walks, containers_,
                                 budget_, clock_,     log_,  context_.on_change};
  directory_ = std::make_shared<Directory>(context, root_inode, Location{});

  EXPECT_EQ(version_of("$logs"), "nothing");
  EXPECT_EQ(store_.calls(), 0);
  EXPECT_EQ(version_of("docs"), "");
  EXPECT_THAT(names_in(**list().get()), ElementsAre("docs"));
}

/// Keeps the listings' questions, for the test to answer in any order.
class ListingsByHand final : public BlobStore {
 public:
  void list_containers(const ListContainersQuery&, Completion<ContainerPage>) override {}
  void get_container(const std::string&, Completion<ContainerProperties>) override {}
  void list_blobs(const ListBlobsQuery&, Completion<BlobPage> done) override {
    answers_.push_back(std::move(done));
  }
  void get_properties(const std::string&, const std::string&, Completion<BlobProperties>) override {}
  void read(const BlobVersion&, ByteRange, OnPiece, Completion<void>) override {}

  /// Question `index`, counted from 0, is answered with one blob.
  void answer(std::size_t index, const std::string& blob, const std::string& etag, const std::string& next) {
    std::exchange(answers_.at(index),
                  {})(BlobPage{.blobs = {{.name = blob, .properties = {.etag = etag}}}, .next_marker = next});
  }

 private:
  std::vector<Completion<BlobPage>> answers_;
};

TEST_F(DirectoryTest, AnOlderListingThatEndsLaterDoesNotTakeThePlaceOfAYoungerOne) {
  ListingsByHand store;
  Walks walks{store,
              snapshots_,
              containers_,
              budget_,
              clock_,
              {"docs", ""},
              [](const Location&, const SharedSnapshot&, const DirectorySnapshot&) {}};
  const DirectoryContext context{store,   snapshots_, walks, containers_,
                                 budget_, clock_,     log_,  context_.on_change};
  directory_ = std::make_shared<Directory>(context, root_inode, Location{"docs", ""});
  auto slow = list();
  store.answer(0, "a", "old", "more");
  store.answer(1, "b", "old", "more");
  ASSERT_TRUE(slow.there());
  clock_.advance(2s);
  auto quick = list();
  store.answer(3, "a", "new", "more");
  store.answer(4, "b", "new", "");
  ASSERT_TRUE(quick.there());
  ASSERT_TRUE((*quick.get())->complete());
  changes();

  store.answer(2, "c", "old", "");
  ASSERT_TRUE((*slow.get())->complete());

  EXPECT_EQ(directory_->latest(), *quick.get());
  EXPECT_THAT(changes(), IsEmpty());
  slow = {};
  quick = {};
  EXPECT_EQ(version_of("a", lenient), "new");
}

TEST(DirectoryOfManyThreads, AnswersEachOfThemOnce) {
  tests::ManualClock clock;
  tests::RecordingLog log;
  MemoryBudget budget{64U << 20U};
  SnapshotShelf snapshots{budget};
  tests::FakeBlobStore store;
  ContainerFilter containers{{}};
  Walks walks{store,
              snapshots,
              containers,
              budget,
              clock,
              {"docs", ""},
              [](const Location&, const SharedSnapshot&, const DirectorySnapshot&) {}};
  const DirectoryContext context{store,  snapshots, walks, containers,
                                 budget, clock,     log,   [](InodeId, const std::string&) {}};
  const auto directory = std::make_shared<Directory>(context, root_inode, Location{"docs", ""});
  for (int i = 0; i < 4; ++i) store.put("docs", std::to_string(i), "text");

  std::atomic<int> answers{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, name = std::to_string(i)] {
      for (int round = 0; round < 100; ++round) {
        directory->look_up(round % 2 == 0 ? name : "0", always_asks,
                           tests::exactly_once<Found>([&](auto found) {
                             EXPECT_TRUE(found && found->entry);
                             ++answers;
                           }));
        directory->list({}, tests::exactly_once<SharedSnapshot>([&](auto snapshot) {
                          EXPECT_TRUE(snapshot);
                          ++answers;
                        }));
        directory->doubt(name);
        if (round % 10 == 0) directory->doubt_all();
        clock.advance(1ms);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  while (answers < 800) std::this_thread::yield();
  // the last answer may come before the end of what gave it
  EXPECT_TRUE(tests::outcome_of<ContainerProperties>(
      [&](auto done) { store.get_container("docs", std::move(done)); }));
}

}  // namespace
}  // namespace blobmount
