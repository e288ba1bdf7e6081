#include "tree/directory.hpp"

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

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Call = tests::FakeBlobStore::Call;

constexpr MaximumAge young{.present = 1s, .absent = 1s};
constexpr MaximumAge lenient{.present = 10s, .absent = 1s, .since_told = true};
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

/// Answers come on the test's thread: at once, or when they are released.
class DirectoryTest : public testing::Test {
 protected:
  Outcome<Found> look_up(const std::string& name, MaximumAge age = young) {
    Outcome<Found> outcome;
    directory_->look_up(name, age, outcome.completion());
    return outcome;
  }
  Outcome<SharedSnapshot> list(Duration age = 1s) {
    Outcome<SharedSnapshot> outcome;
    directory_->list(age, outcome.completion());
    return outcome;
  }
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
  std::shared_ptr<Directory> directory_ =
      std::make_shared<Directory>(store_, snapshots_, clock_, log_, Location{"docs", ""});
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
  EXPECT_EQ((*list().get())->entries().size(), 1U);
  clock_.advance(1ms);
  EXPECT_EQ((*list().get())->entries().size(), 2U);
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

  EXPECT_EQ((*before.get())->entries().size(), 1U);
  EXPECT_EQ((*late.get())->entries().size(), 2U);
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

TEST_F(DirectoryTest, ALongListingAnswersLenientQuestionsFromItsEndAndStrictOnesFromItsBeginning) {
  const auto listed = put("a");
  store_.hold();
  auto listing = list();
  clock_.advance(60s);
  const auto overwritten = put("a");
  store_.release();
  ASSERT_TRUE(listing.there());
  const auto calls = store_.calls();

  EXPECT_EQ(version_of("a", lenient), listed);
  EXPECT_EQ(store_.calls(), calls);
  EXPECT_EQ(version_of("a", young), overwritten);
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

TEST_F(DirectoryTest, TellsOfNamesLeftOutOnce) {
  put("good");
  put("a//b");
  put(std::string(256, 'x') + "/c");
  directory_ = std::make_shared<Directory>(store_, snapshots_, clock_, log_, Location{"docs", "a/"});

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
  directory_->list(1s, [&](const auto&) {
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

TEST(DirectoryOfManyThreads, AnswersEachOfThemOnce) {
  tests::ManualClock clock;
  tests::RecordingLog log;
  MemoryBudget budget{64U << 20U};
  SnapshotShelf snapshots{budget};
  tests::FakeBlobStore store;
  const auto directory = std::make_shared<Directory>(store, snapshots, clock, log, Location{"docs", ""});
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
        directory->list(0s, tests::exactly_once<SharedSnapshot>([&](auto snapshot) {
                          EXPECT_TRUE(snapshot);
                          ++answers;
                        }));
        directory->doubt(name);
        clock.advance(1ms);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  while (answers < 800) std::this_thread::yield();
}

}  // namespace
}  // namespace blobmount
