#include "cache/disk_tier.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/cache/disk_tier_fixture.hpp"

namespace blobmount::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(DiskTierTest, WhatWasReadOnceIsReadFromDisk) {
  const auto version = version_of("blob", 40);
  mount();
  keep(version);

  EXPECT_THAT(missing(version), IsEmpty());
  EXPECT_EQ(tier->stats().hits, 40U);
  EXPECT_EQ(tier->stats().misses, 40U);
}

TEST_F(DiskTierTest, ARemountFindsEverything) {
  const auto one = version_of("one", 3);
  const auto other = version_of_size("other", 5 * page_size + 1);
  mount();
  keep(one);
  keep(other);

  mount();

  EXPECT_THAT(missing(one), IsEmpty());
  EXPECT_THAT(missing(other), IsEmpty());
  EXPECT_TRUE(tier->complete(*one));
}

TEST_F(DiskTierTest, ARemountCountsTheSameBytesOnceItHasLooked) {
  const auto version = version_of_size("blob", 5 * page_size + 1);
  mount();
  keep(version);
  const auto bytes = tier->stats().bytes;

  mount();
  read_all(version);

  EXPECT_EQ(tier->stats().bytes, bytes);
}

TEST_F(DiskTierTest, OnlyWhatIsNotOnDiskIsAskedForBelowAndInOneCall) {
  const auto version = version_of("blob", 10);
  mount();
  EXPECT_TRUE(read(version, {2, 2}));
  EXPECT_TRUE(read(version, {6, 1}));
  mount();
  read_all(version_of("other", 1));
  const auto before = origin.starts();

  EXPECT_THAT(missing(version), ElementsAre(PageRange{0, 2}, PageRange{4, 2}, PageRange{7, 3}));
  EXPECT_EQ(origin.starts(), before + 1);
}

TEST_F(DiskTierTest, AnotherVersionOfABlobIsAnotherOne) {
  const auto version = version_of("blob", 4);
  auto changed = *version;
  changed.etag = "\"0x9E\"";
  mount();
  keep(version);

  EXPECT_THAT(missing(std::make_shared<const BlobVersion>(changed)), ElementsAre(PageRange{0, 4}));
}

TEST_F(DiskTierTest, FetchesOfOneCallGoBelowTogether) {
  const auto version = version_of("blob", 8);
  mount();
  const auto one = fetch_of(version, {0, 4});
  const auto other = fetch_of(version, {4, 4});

  tier->start({one, other});

  EXPECT_TRUE(one->wait());
  EXPECT_TRUE(other->wait());
  EXPECT_EQ(origin.starts(), 1);
}

TEST_F(DiskTierTest, AnErrorFromBelowIsPassedOnAndWhatArrivedIsKept) {
  const auto version = version_of("blob", 8);
  mount();
  origin.fail([](std::uint64_t page) { return page == 5; });
  const auto fetch = start(version, {0, 8});

  const auto outcome = fetch->wait();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::unavailable);
  EXPECT_EQ(fetch->arrivals(), 5U);

  origin.fail(nullptr);
  mount();
  EXPECT_THAT(missing(version), ElementsAre(PageRange{5, 3}));
}

TEST_F(DiskTierTest, PagesOnDiskArriveThoughThePlaceBelowFails) {
  const auto version = version_of("blob", 8);
  mount();
  EXPECT_TRUE(read(version, {4, 4}));
  mount();
  origin.fail([](std::uint64_t) { return true; });

  const auto fetch = start(version, {0, 8});

  EXPECT_FALSE(fetch->wait());
  EXPECT_EQ(fetch->arrivals(), 4U);
}

TEST_F(DiskTierTest, WhatNobodyWantsIsNotRead) {
  const auto version = version_of("blob", 2);
  mount();
  keep(version);
  const auto fetch = fetch_of(version, {0, 2});
  fetch->abandon();

  tier->start({fetch});

  const auto outcome = fetch->wait();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
}

TEST_F(DiskTierTest, ReconsideringIsForThePlaceBelowToo) {
  mount();

  tier->reconsider();

  EXPECT_EQ(origin.reconsidered, 1);
}

TEST_F(DiskTierTest, TheStopWritesWhatWaits) {
  const auto version = version_of("blob", 40);
  mount();
  faults.hold_writes();
  read_all(version);
  faults.release();

  mount();

  EXPECT_THAT(missing(version), IsEmpty());
}

TEST_F(DiskTierTest, AfterTheStopFetchesGoStraightBelow) {
  const auto version = version_of("blob", 4);
  mount();
  keep(version);

  tier->stop();
  tier->stop();

  EXPECT_THAT(missing(version), ElementsAre(PageRange{0, 4}));
}

TEST_F(DiskTierTest, ManyFetchesAtOnceAllEnd) {
  const auto version = version_of("blob", 64);
  mount();
  keep(version);
  mount();

  std::vector<SharedWatch> fetches;
  for (std::uint64_t first = 0; first < 60; ++first) fetches.push_back(start(version, {first, 4}));

  for (const auto& fetch : fetches) EXPECT_TRUE(fetch->wait());
  EXPECT_THAT(origin.asked(), IsEmpty());
}

TEST_F(DiskTierTest, WhatIsReadAheadIsReadFromDiskToo) {
  const auto version = version_of("blob", 40);
  mount();
  keep(version);
  const auto fetch = fetch_of(version, {0, 40});
  fetch->become(Urgency::ahead);

  tier->start({fetch});

  EXPECT_TRUE(fetch->wait());
  EXPECT_EQ(tier->stats().hits, 40U);
}

/// Blocks the thread that brings its only page.
class SlowFetch final : public Fetch {
 public:
  SlowFetch(const SharedVersion& version, std::uint64_t page) : Fetch(version, {page, 1}, {new_page()}) {}

  [[nodiscard]] Urgency urgency() const override { return Urgency::ahead; }
  [[nodiscard]] bool wanted() const override { return true; }
  void arrived(std::size_t /*index*/) override { may_arrive.get_future().wait(); }
  void ended(Status /*outcome*/) override {}

  std::promise<void> may_arrive;
};

TEST_F(DiskTierTest, WhoJoinsWhatIsReadAheadDoesNotWaitBehindAllThatIs) {
  const auto version = version_of("blob", 40);
  mount();
  keep(version);
  std::vector<std::shared_ptr<SlowFetch>> slow;
  for (std::uint64_t page = 0; page < 8; ++page) {
    slow.push_back(std::make_shared<SlowFetch>(version, page));
    tier->start({slow.back()});
  }
  const auto last = fetch_of(version, {20, 20});
  last->become(Urgency::ahead);
  tier->start({last});

  last->become(Urgency::waited_for);
  tier->reconsider();

  EXPECT_TRUE(eventually(std::chrono::seconds{10}, [&] { return last->has_ended(); }));
  for (const auto& fetch : slow) fetch->may_arrive.set_value();
  EXPECT_TRUE(last->wait());
}

TEST_F(DiskTierTest, WhatIsReconsideredWhileTheTierStopsEndsOnce) {
  const auto version = version_of("blob", 64);
  mount();
  keep(version);
  std::vector<SharedWatch> fetches;
  for (std::uint64_t first = 0; first < 64; ++first) {
    fetches.push_back(fetch_of(version, {first, 1}));
    fetches.back()->become(Urgency::ahead);
    tier->start({fetches.back()});
  }

  std::thread hurry([&] {
    for (const auto& fetch : fetches) {
      fetch->become(Urgency::waited_for);
      tier->reconsider();
    }
  });
  tier->stop();
  hurry.join();

  for (const auto& fetch : fetches) EXPECT_TRUE(fetch->wait());
}

TEST_F(DiskTierTest, FetchesThatMeetTheStopAllEnd) {
  const auto version = version_of("blob", 8);
  mount();
  keep(version);
  mount();
  std::atomic<bool> stopped{false};
  std::thread reader([&] {
    while (!stopped) EXPECT_TRUE(read(version, {0, 8}));
  });

  tier->stop();

  stopped = true;
  reader.join();
}

TEST_F(DiskTierTest, MoreVersionsThanMayBeOpenAreAllRead) {
  std::vector<SharedVersion> versions;
  for (int i = 0; i < 300; ++i) versions.push_back(version_of_size("blob" + std::to_string(i), 100));
  limits.waiting = versions.size() * page_size;
  mount();
  for (const auto& version : versions) read_all(version);

  mount();

  for (const auto& version : versions) EXPECT_THAT(missing(version), IsEmpty());
}

TEST_F(DiskTierTest, SaysHowMuchIsWrittenAndHowMuchWaits) {
  const auto version = version_of_size("blob", 5 * page_size + 1);
  mount();
  EXPECT_EQ(tier->kept(*version)->written, 0U);
  faults.hold_writes();
  read_all(version);

  EXPECT_EQ(tier->kept(*version)->waiting, 6 * page_size);
  faults.release();

  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->kept(*version)->waiting == 0; }));
  EXPECT_EQ(tier->kept(*version)->written, version->size);
  mount();
  EXPECT_EQ(tier->kept(*version)->written, version->size);
}

TEST_F(DiskTierTest, WhatADiskCannotTakeDoesNotWaitForIt) {
  const auto version = version_of("blob", 6);
  mount();
  faults.fail_writes(ErrorCode::no_space);

  read_all(version);

  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->kept(*version)->waiting == 0; }));
  EXPECT_EQ(tier->kept(*version)->written, 0U);
}

TEST_F(DiskTierTest, WhatIsOfferedFillsTheGaps) {
  const auto version = version_of("blob", 6);
  mount();
  EXPECT_TRUE(read(version, {2, 2}));
  const auto whole = fetch_of(version, all_pages(*version));
  origin.start({whole});

  EXPECT_TRUE(tier->offer(version, all_pages(*version), whole->buffers()));

  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->complete(*version); }));
  EXPECT_FALSE(tier->offer(version, all_pages(*version), whole->buffers())) << "it has all";
  EXPECT_THAT(missing(version), IsEmpty());
}

TEST_F(DiskTierTest, WhatIsOfferedOftenIsWrittenOnce) {
  const auto version = version_of("blob", 6);
  mount();
  const auto whole = fetch_of(version, all_pages(*version));
  origin.start({whole});
  faults.hold_writes();
  EXPECT_TRUE(tier->offer(version, {0, 1}, whole->buffers()));
  ASSERT_TRUE(eventually(std::chrono::seconds{20}, [&] { return faults.waiting() == 1; }));
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(tier->offer(version, all_pages(*version), whole->buffers()));
  EXPECT_LE(tier->kept(*version)->waiting, limits.waiting / 2 + 6 * page_size);
  const auto changes = faults.changes();
  faults.release();

  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->kept(*version)->waiting == 0; }));

  EXPECT_TRUE(tier->complete(*version));
  EXPECT_EQ(faults.changes() - changes, 10U) << "six make the files, and two write each of two runs";
}

}  // namespace
}  // namespace blobmount::tests
