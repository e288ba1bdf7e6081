#include "cache/fetch_queue.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t pages_in_mib = (1ULL << 20U) / page_size;
constexpr auto ahead = Urgency::ahead, waited_for = Urgency::waited_for;

class FakeFetch final : public Fetch {
 public:
  FakeFetch(SharedVersion version, PageRange pages, Urgency how)
      : Fetch(std::move(version), pages, {}), urgency_(how) {}

  [[nodiscard]] Urgency urgency() const override { return urgency_; }
  [[nodiscard]] bool wanted() const override { return wanted_; }
  void arrived(std::size_t) override {}
  void ended(Status) override {}

  void hurry() { urgency_ = waited_for; }
  void give_up() { wanted_ = false; }

 private:
  Urgency urgency_;
  bool wanted_ = true;
};

class FetchQueueTest : public testing::Test {
 protected:
  static SharedVersion blob(const std::string& name) {
    return std::make_shared<const BlobVersion>(BlobVersion{"docs", name, "etag", 1ULL << 40U});
  }
  std::shared_ptr<FakeFetch> add(Urgency urgency, PageRange pages, SharedVersion version = nullptr) {
    auto fetch = std::make_shared<FakeFetch>(version ? std::move(version) : version_, pages, urgency);
    queue_.add(fetch);
    return fetch;
  }
  /// What is to be requested now, as the pages of each request.
  std::vector<PageRange> take() {
    std::vector<PageRange> requests;
    for (auto& group : queue_.take()) {
      for (std::size_t i = 1; i < group.size(); ++i)
        EXPECT_EQ(group[i]->pages().first, group[i - 1]->pages().end()) << "neighbours, in their order";
      const auto first = group.front()->pages().first;
      requests.push_back({first, group.back()->pages().end() - first});
      under_way_.push_back(std::move(group));
    }
    return requests;
  }
  void finish_oldest() {
    queue_.finished(under_way_.front());
    under_way_.erase(under_way_.begin());
  }

  /// Small, so that a test can reach them.
  FetchLimits limits_{.account = 6, .account_ahead = 4, .blob = 3, .blob_ahead = 2};
  FetchQueue queue_{limits_};
  SharedVersion version_ = blob("a");
  std::vector<FetchQueue::Group> under_way_;
};

TEST_F(FetchQueueTest, GivesWhatItWasGivenOnce) {
  EXPECT_THAT(take(), IsEmpty());
  add(waited_for, {7, 2});

  EXPECT_THAT(take(), ElementsAre(PageRange{7, 2}));
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(FetchQueueTest, WhatIsWaitedForGoesBeforeWhatIsAhead) {
  add(ahead, {100, 1});
  add(waited_for, {200, 1});
  add(waited_for, {300, 1});

  EXPECT_THAT(take(), ElementsAre(PageRange{200, 1}, PageRange{300, 1}));
  finish_oldest();  // what is ahead has fewer places
  EXPECT_THAT(take(), ElementsAre(PageRange{100, 1}));
}

TEST_F(FetchQueueTest, GoesInTheOrderOfArrivalOtherwise) {
  for (const std::uint64_t page : {900U, 100U, 500U}) add(waited_for, {page, 1});

  EXPECT_THAT(take(), ElementsAre(PageRange{900, 1}, PageRange{100, 1}, PageRange{500, 1}));
}

TEST_F(FetchQueueTest, OneBlobHasSoManyRequestsAndFewerAhead) {
  for (std::uint64_t i = 0; i < 5; ++i) add(ahead, {100 * i, 1});
  EXPECT_EQ(take().size(), 2U);

  for (std::uint64_t i = 5; i < 10; ++i) add(waited_for, {100 * i, 1});
  EXPECT_THAT(take(), ElementsAre(PageRange{500, 1}));
}

TEST_F(FetchQueueTest, TheAccountHasSoManyRequestsAndFewerAhead) {
  for (const auto* name : {"b", "c", "d", "e", "f", "g"}) add(ahead, {0, 1}, blob(name));
  EXPECT_EQ(take().size(), 4U);

  for (const auto* name : {"h", "i", "j"}) add(waited_for, {0, 1}, blob(name));
  EXPECT_EQ(take().size(), 2U);
}

TEST_F(FetchQueueTest, ABlobThatHasItsPartDoesNotKeepOthersWaiting) {
  for (std::uint64_t i = 0; i < 10; ++i) add(waited_for, {100 * i, 1});
  add(ahead, {0, 1}, blob("other"));

  EXPECT_EQ(take().size(), 4U);
  EXPECT_EQ(under_way_.back().front()->version()->blob, "other");
}

TEST_F(FetchQueueTest, WhatHasFinishedGivesItsPlaceBack) {
  for (std::uint64_t i = 0; i < 6; ++i) add(waited_for, {100 * i, 1});
  EXPECT_EQ(take().size(), 3U);

  for (std::uint64_t i = 3; i < 6; ++i) {
    finish_oldest();
    EXPECT_THAT(take(), ElementsAre(PageRange{100 * i, 1}));
  }
  while (!under_way_.empty()) finish_oldest();
  for (std::uint64_t i = 0; i < 6; ++i) add(waited_for, {100 * i, 1});
  EXPECT_EQ(take().size(), 3U);
}

TEST_F(FetchQueueTest, NeighboursOnBothSidesGoTogether) {
  add(waited_for, {10, 2});
  add(waited_for, {12, 1});
  add(ahead, {13, 3});
  add(waited_for, {9, 1});
  add(waited_for, {7, 1});  // page 8 is missing

  EXPECT_THAT(take(), ElementsAre(PageRange{9, 7}, PageRange{7, 1}));
}

TEST_F(FetchQueueTest, WhatIsWaitedForDoesNotComeBehindWhatIsAheadInItsRequest) {
  add(waited_for, {16, 1});
  add(ahead, {2, 14});
  add(ahead, {17, 1});
  add(waited_for, {18, 1});

  EXPECT_THAT(take(), ElementsAre(PageRange{16, 2}, PageRange{18, 1}));
  finish_oldest();
  EXPECT_THAT(take(), ElementsAre(PageRange{2, 14}));
}

TEST_F(FetchQueueTest, WhereThereAreMoreThanPlacesWhatIsWaitedForIsStillTheFirstOfItsRequest) {
  FetchQueue busy({.account = 2, .account_ahead = 1});
  for (std::uint64_t page = 0; page < 240; page += 16)
    busy.add(std::make_shared<FakeFetch>(version_, PageRange{page, 16}, ahead));
  busy.add(std::make_shared<FakeFetch>(version_, PageRange{240, 1}, waited_for));

  const auto groups = busy.take();

  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].front()->pages(), (PageRange{240, 1}));
}

TEST_F(FetchQueueTest, ASmallBlobComesWholeWhateverOfItIsWaitedFor) {
  const auto version =
      std::make_shared<const BlobVersion>(BlobVersion{"docs", "small", "etag", pages_in_mib * page_size});
  add(waited_for, {5, 1}, version);
  add(ahead, {0, 5}, version);
  add(ahead, {6, 10}, version);

  EXPECT_THAT(take(), ElementsAre(PageRange{0, 16}));
}

TEST_F(FetchQueueTest, NeighboursAreJoinedUpToAMebibyte) {
  FetchQueue idle({.account_ahead = 1000});
  for (std::uint64_t page = 0; page < 3 * pages_in_mib; page += 4)
    idle.add(std::make_shared<FakeFetch>(version_, PageRange{page, 4}, ahead));

  const auto groups = idle.take();

  ASSERT_EQ(groups.size(), 3U);
  for (const auto& group : groups) EXPECT_EQ(group.size(), pages_in_mib / 4);
}

TEST_F(FetchQueueTest, NeighboursAreJoinedUpToSixteenMebibytesWhereThereAreMoreThanPlaces) {
  for (std::uint64_t block = 0; block < 40; ++block) add(ahead, {block * pages_in_mib, pages_in_mib});

  EXPECT_THAT(take(),
              ElementsAre(PageRange{0, 16 * pages_in_mib}, PageRange{16 * pages_in_mib, 16 * pages_in_mib}));
}

TEST_F(FetchQueueTest, ALargeFetchGoesAsItIsAndTakesNoNeighbour) {
  add(ahead, {0, 4 * pages_in_mib});
  add(ahead, {4 * pages_in_mib, 1});

  EXPECT_THAT(take(), ElementsAre(PageRange{0, 4 * pages_in_mib}, PageRange{4 * pages_in_mib, 1}));
}

TEST_F(FetchQueueTest, NeighboursInAnotherVersionAreNone) {
  add(waited_for, {0, 1});
  add(waited_for, {1, 1}, blob("a"));

  EXPECT_THAT(take(), ElementsAre(PageRange{0, 1}, PageRange{1, 1}));
}

TEST_F(FetchQueueTest, TheLastPageOfABlobCountsByItsBytes) {
  const auto size = 16 * page_size + 1;
  const auto version = std::make_shared<const BlobVersion>(BlobVersion{"docs", "short", "etag", size});
  add(waited_for, {0, 16}, version);
  add(waited_for, {16, 1}, version);

  EXPECT_THAT(take(), ElementsAre(PageRange{0, 16}, PageRange{16, 1}));
}

TEST_F(FetchQueueTest, WhatNobodyWantsIsTakenOut) {
  const auto first = add(ahead, {0, 1});
  const auto second = add(ahead, {1, 1});
  const auto third = add(waited_for, {100, 1});
  first->give_up();
  third->give_up();

  EXPECT_THAT(queue_.take_unwanted(), ElementsAre(first, third));
  EXPECT_THAT(queue_.take_unwanted(), IsEmpty());
  EXPECT_THAT(take(), ElementsAre(PageRange{1, 1}));
}

TEST_F(FetchQueueTest, WhatNobodyWantsIsNotJoined) {
  add(waited_for, {0, 1});
  add(ahead, {1, 1})->give_up();

  EXPECT_EQ(take().front(), (PageRange{0, 1}));
}

TEST_F(FetchQueueTest, WhatHasBecomeUrgentGoesFirst) {
  for (std::uint64_t i = 0; i < 4; ++i) add(ahead, {100 * i, 1});
  const auto last = add(ahead, {900, 1});
  EXPECT_EQ(take().size(), 2U);

  last->hurry();

  EXPECT_THAT(take(), ElementsAre(PageRange{900, 1}));
}

TEST_F(FetchQueueTest, AnUrgencyThatRoseUnderWayDoesNotMatterToThePlaces) {
  const auto fetch = add(ahead, {0, 1});
  EXPECT_EQ(take().size(), 1U);
  fetch->hurry();
  finish_oldest();

  for (std::uint64_t i = 0; i < 4; ++i) add(ahead, {100 * i, 1});
  EXPECT_EQ(take().size(), 2U);
}

}  // namespace
}  // namespace blobmount
