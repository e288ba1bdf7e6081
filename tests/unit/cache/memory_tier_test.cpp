#include "cache/memory_tier.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/exactly_once.hpp"
#include "fakes/fake_byte_source.hpp"
#include "support/eventually.hpp"

namespace blobmount::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t budget_pages = 64;
constexpr std::uint64_t for_bookkeeping = page_size - 1;  // no page of it

SharedVersion version(const std::string& blob, std::uint64_t size) {
  return std::make_shared<const BlobVersion>(
      BlobVersion{.container = "c", .blob = blob, .etag = "\"1\"", .size = size});
}

ByteRange pages(std::uint64_t first, std::uint64_t count) { return {first * page_size, count * page_size}; }

bool holds(const Bytes& bytes, const BlobVersion& version, ByteRange range) {
  if (bytes.size() != range.length) return false;
  auto offset = range.offset;
  return std::ranges::all_of(bytes.pieces, [&](const Bytes::Piece& piece) {
    const bool right = bytes_of_version(version).matches(offset, {piece.data.get(), piece.size});
    offset += piece.size;
    return right;
  });
}

/// What came of a read.
struct Answer {
  bool told = false;
  Status outcome{};
  Bytes bytes{};
  bool right = false;

  [[nodiscard]] bool good() const { return told && outcome && right; }
  [[nodiscard]] bool failed(ErrorCode code) const { return told && !outcome && outcome.error().code == code; }
};

class MemoryTierTest : public testing::Test {
 protected:
  ~MemoryTierTest() override { source.complete_all(); }

  using Ahead = std::vector<ByteRange>;

  /// `keep`: the answer holds its bytes.
  std::shared_ptr<Answer> read(MemoryTier::Reader& reader, const SharedVersion& version, ByteRange range,
                               const Ahead& ahead = {}, bool keep = false, ReadId id = 0) {
    auto answer = std::make_shared<Answer>();
    const auto done = [=](Result<Bytes> bytes) {
      answer->told = true;
      if (!bytes) {
        answer->outcome = bytes.error();
        return;
      }
      answer->right = holds(*bytes, *version, range);
      if (keep) answer->bytes = *std::move(bytes);
    };
    refused = reader.read(range, ahead, exactly_once<Bytes>(done), id);
    return answer;
  }

  FakeByteSource source;
  MemoryBudget budget{budget_pages * page_size + for_bookkeeping};
  MemoryTier tier{source, budget};
  const SharedVersion blob = version("blob", 1000 * page_size);
  std::optional<ByteRange> refused;
};

TEST_F(MemoryTierTest, ManyReadersOfTheSameBytesCostOneFetch) {
  std::vector<std::unique_ptr<MemoryTier::Reader>> readers;
  std::vector<std::shared_ptr<Answer>> answers;

  for (int i = 0; i < 8; ++i) {
    readers.push_back(tier.open(version("blob", 1000 * page_size)));
    answers.push_back(read(*readers.back(), blob, pages(3, 4)));
  }
  EXPECT_THAT(source.started(), ElementsAre(PageRange{3, 4}));
  source.complete_all();

  for (const auto& answer : answers) EXPECT_TRUE(answer->good());
}

TEST_F(MemoryTierTest, AReaderAloneIsNotRefusedItsWindowForAFewNamesThatAreListedMeanwhile) {
  const auto reader = tier.open(blob);
  const auto window = reader->longest_window();
  const MemoryBudget::Charge names(budget, budget.total() / 16);

  const auto not_fetched = reader->fetch_ahead({{0, window}});

  EXPECT_GE(window, 24 * page_size) << "and it is nearly half of the memory";
  EXPECT_EQ(not_fetched, std::nullopt);
}

TEST_F(MemoryTierTest, EightReadersOfABlobCostItsBytesOnce) {
  source.answer_at_once();
  const auto small = version("small", 40 * page_size + 5);
  std::vector<std::unique_ptr<MemoryTier::Reader>> readers;
  for (int i = 0; i < 8; ++i) readers.push_back(tier.open(small));

  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (auto& reader : readers) {
    threads.emplace_back([&] {
      for (std::uint64_t page = 0; page < 41; ++page) {
        const auto range = bytes_of({page, 1}, small->size);
        reader->read(range, {}, exactly_once<Bytes>([&right, &small, range](Result<Bytes> bytes) {
                       if (bytes && holds(*bytes, *small, range)) ++right;
                     }));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  // what another thread began is told by that thread, which has been joined

  EXPECT_EQ(right, 8 * 41);
  EXPECT_EQ(source.started().size(), 41U);
}

TEST_F(MemoryTierTest, WaitersOfTheFirstPageAreAnsweredBeforeTheRestHasArrived) {
  const auto reader = tier.open(blob);
  const auto whole = read(*reader, blob, pages(0, 16));
  const auto first = read(*reader, blob, {100, 200});

  FakeByteSource::arrive(source.under_way(), 0);

  EXPECT_TRUE(first->good());
  EXPECT_FALSE(whole->told);
}

TEST_F(MemoryTierTest, AHitIsAnsweredBeforeReadReturns) {
  const auto reader = tier.open(blob);
  read(*reader, blob, pages(0, 2));
  source.complete_all();

  const auto hit = read(*reader, blob, {page_size - 10, 20});

  EXPECT_TRUE(hit->good());
  EXPECT_EQ(tier.stats().hits, 1U);
  EXPECT_EQ(source.started().size(), 1U);
}

TEST_F(MemoryTierTest, WhatIsFetchedAheadCountsAsUsedWhenItIsReadAndOnlyOnce) {
  source.answer_at_once();
  const auto reader = tier.open(blob);
  read(*reader, blob, pages(0, 1), {pages(1, 4)});
  EXPECT_EQ(tier.stats().ahead_used, 0U);

  read(*reader, blob, pages(0, 3));
  read(*reader, blob, pages(0, 3));

  EXPECT_EQ(tier.stats().ahead_used, 2U);
  EXPECT_EQ(tier.stats().ahead_wasted, 0U);
  EXPECT_EQ(tier.stats().pages, 5U);
}

TEST_F(MemoryTierTest, WhatIsFetchedAheadCountsAsWastedWhenItIsEvictedUnread) {
  source.answer_at_once();
  auto reader = tier.open(blob);
  read(*reader, blob, pages(0, 1), {pages(16, 4)});
  reader.reset();

  const auto other = version("other", 1000 * page_size);
  const auto hungry = tier.open(other);
  for (std::uint64_t page = 0; page < 2 * budget_pages; ++page) read(*hungry, other, pages(page, 1));

  EXPECT_EQ(tier.stats().ahead_wasted, 4U);
}

TEST_F(MemoryTierTest, ClearingDropsThePagesOfWhatNobodyHasOpen) {
  source.answer_at_once();
  const auto other = version("other", 1000 * page_size);
  const auto open = tier.open(blob);
  read(*open, blob, pages(0, 3));
  read(*tier.open(other), other, pages(0, 5));

  EXPECT_EQ(tier.clear(), 5U);

  EXPECT_EQ(tier.stats().pages, 3U);
  EXPECT_EQ(open->presence(pages(0, 3)), Presence::here);
  EXPECT_TRUE(read(*tier.open(other), other, pages(0, 5))->good());
}

TEST_F(MemoryTierTest, WhatIsReadAgainIsOfferedBelowAsLongAsThatIsWanted) {
  const auto reader = tier.open(blob);
  source.answer_at_once();
  EXPECT_TRUE(read(*reader, blob, pages(0, 4))->good());
  EXPECT_THAT(source.offered(), IsEmpty()) << "it came from there";

  EXPECT_TRUE(read(*reader, blob, {page_size + 1, page_size})->good());
  EXPECT_THAT(source.offered(), ElementsAre(PageRange{1, 2}));

  source.want_no_offers();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(read(*reader, blob, pages(0, 1))->good());
  EXPECT_THAT(source.offered(), ElementsAre(PageRange{0, 1}));
}

TEST_F(MemoryTierTest, AReadOverWhatIsHereOnItsWayAndMissingFetchesOnlyWhatIsMissing) {
  const auto reader = tier.open(blob);
  read(*reader, blob, pages(4, 1));
  source.complete_all();
  read(*reader, blob, pages(6, 1));
  (void)source.started();

  const auto answer = read(*reader, blob, pages(3, 5));

  EXPECT_THAT(source.started(), ElementsAre(PageRange{3, 1}, PageRange{5, 1}, PageRange{7, 1}));
  source.complete_all();
  EXPECT_TRUE(answer->good());
}

TEST_F(MemoryTierTest, SaysWhatIsThereOfARange) {
  const auto reader = tier.open(blob);
  read(*reader, blob, pages(0, 1));
  source.complete_all();
  read(*reader, blob, pages(1, 1));

  EXPECT_EQ(reader->presence(pages(0, 1)), Presence::here);
  EXPECT_EQ(reader->presence(pages(0, 2)), Presence::on_its_way);
  EXPECT_EQ(reader->presence(pages(0, 3)), Presence::missing);
}

TEST_F(MemoryTierTest, BytesAtTheEndOfABlobAndWithinPagesAreThoseAskedFor) {
  const auto odd = version("odd", 2 * page_size + 1);
  const auto reader = tier.open(odd);
  const std::vector<ByteRange> ranges = {
      {2 * page_size, 1}, {2 * page_size - 1, 2},        {page_size - 1, 1}, {page_size, 1}, {1, page_size},
      {0, odd->size},     {page_size - 1, page_size + 2}};

  std::vector<std::shared_ptr<Answer>> answers;
  for (const auto range : ranges) answers.push_back(read(*reader, odd, range));
  source.complete_all();

  for (const auto& answer : answers) EXPECT_TRUE(answer->good());
}

TEST_F(MemoryTierTest, FetchingAheadStopsAtHalfTheBudgetAndDemandGoesOn) {
  const auto reader = tier.open(blob);

  read(*reader, blob, pages(0, 1), {pages(1, 16), pages(17, 16), pages(33, 16)});

  EXPECT_EQ(refused, pages(33, 16));
  EXPECT_THAT(source.started(), ElementsAre(PageRange{0, 1}, PageRange{1, 16}, PageRange{17, 16}));
  const auto demanded = read(*reader, blob, pages(100, 16));
  EXPECT_THAT(source.started(), ElementsAre(PageRange{100, 16}));
  source.complete_all();
  EXPECT_TRUE(demanded->good());
  EXPECT_EQ(tier.stats().refused, 1U);
}

TEST_F(MemoryTierTest, AReadOfWhatIsFetchedAheadMakesItUrgent) {
  const auto reader = tier.open(blob);
  read(*reader, blob, pages(0, 1), {pages(1, 4)});
  const auto ahead = source.under_way(1);
  ASSERT_EQ(ahead->urgency(), Urgency::ahead);
  ASSERT_EQ(source.reconsidered(), 0);

  const auto answer = read(*reader, blob, pages(2, 1));

  EXPECT_EQ(ahead->urgency(), Urgency::waited_for);
  EXPECT_EQ(source.reconsidered(), 1);
  source.complete_all();
  EXPECT_TRUE(answer->good());
}

TEST_F(MemoryTierTest, ClosingAReaderGivesUpWhatWasFetchedForItAloneAndNoMore) {
  auto reader = tier.open(blob);
  const auto other = tier.open(blob);
  read(*reader, blob, pages(0, 1), {pages(1, 4), pages(5, 4)});
  const auto waited_for = source.under_way(1);
  const auto unwanted = source.under_way(2);
  const auto answer = read(*other, blob, pages(2, 1));
  const auto reconsidered = source.reconsidered();

  reader.reset();

  EXPECT_TRUE(waited_for->wanted());
  EXPECT_FALSE(unwanted->wanted());
  EXPECT_EQ(source.reconsidered(), reconsidered + 1);
  source.complete_all();
  EXPECT_TRUE(answer->good());
}

TEST_F(MemoryTierTest, AReadThatIsGivenUpEndsAtOnceAndSoDoesWhatWasFetchedForItAlone) {
  const auto reader = tier.open(blob);
  const auto answer = read(*reader, blob, pages(0, 4), {}, false, 7);
  const auto fetch = source.under_way();
  FakeByteSource::arrive(fetch, 0);

  reader->give_up(pages(0, 4), 7);

  EXPECT_TRUE(answer->failed(ErrorCode::cancelled));
  EXPECT_FALSE(fetch->wanted());
  EXPECT_EQ(source.reconsidered(), 1);
  EXPECT_EQ(reader->presence(pages(0, 1)), Presence::here) << "what had come stays";
  EXPECT_EQ(reader->presence(pages(1, 3)), Presence::missing);
  source.complete_all();
  EXPECT_EQ(reader->presence(pages(1, 3)), Presence::missing);
}

TEST_F(MemoryTierTest, AReadThatIsGivenUpTakesNothingFromOthers) {
  const auto reader = tier.open(blob), other = tier.open(blob), ahead = tier.open(blob);
  const auto answer = read(*reader, blob, pages(0, 4), {}, false, 7);
  const auto same_name = read(*other, blob, pages(2, 1), {}, false, 7);
  const auto another = read(*reader, blob, pages(1, 1), {}, false, 8);
  ahead->fetch_ahead({pages(8, 2)});
  const auto joined = read(*reader, blob, pages(8, 2), {}, false, 9);

  reader->give_up(pages(0, 4), 7);
  reader->give_up(pages(8, 2), 9);
  reader->give_up(pages(20, 4), 10);

  EXPECT_TRUE(answer->failed(ErrorCode::cancelled));
  EXPECT_TRUE(joined->failed(ErrorCode::cancelled));
  EXPECT_TRUE(source.under_way(0)->wanted());
  EXPECT_TRUE(source.under_way(1)->wanted()) << "it was fetched ahead for somebody else";
  source.complete_all();
  EXPECT_TRUE(same_name->good());
  EXPECT_TRUE(another->good());
  EXPECT_EQ(ahead->presence(pages(8, 2)), Presence::here);
}

TEST_F(MemoryTierTest, WhoReadsAgainWhatWasGivenUpGetsAFetchOfItsOwn) {
  const auto reader = tier.open(blob);
  read(*reader, blob, pages(0, 4), {}, false, 7);
  reader->give_up(pages(0, 4), 7);
  (void)source.started();

  const auto answer = read(*reader, blob, pages(0, 4));

  EXPECT_THAT(source.started(), ElementsAre(PageRange{0, 4}));
  source.complete_all();
  EXPECT_TRUE(answer->good());
}

TEST_F(MemoryTierTest, AReadThatWaitsForMemoryCanBeGivenUp) {
  const auto reader = tier.open(blob);
  const auto large = read(*reader, blob, pages(0, budget_pages), {}, false, 1);
  const auto hungry = read(*reader, blob, pages(100, 4), {}, false, 2);
  const auto next = read(*reader, blob, pages(200, 4), {}, false, 3);

  reader->give_up(pages(100, 4), 2);

  EXPECT_TRUE(hungry->failed(ErrorCode::cancelled));
  (void)source.started();
  source.complete_all();
  EXPECT_TRUE(large->good());
  EXPECT_TRUE(next->good());
  EXPECT_THAT(source.started(), ElementsAre(PageRange{200, 4}));
}

TEST_F(MemoryTierTest, AReadThatTriesAgainCanBeGivenUp) {
  const auto reader = tier.open(blob), other = tier.open(blob);
  read(*other, blob, pages(0, 4));
  const auto joined = read(*reader, blob, pages(0, 4), {}, false, 7);
  source.end(source.under_way(), Error{ErrorCode::unavailable, "an outage"});
  ASSERT_FALSE(joined->told);
  const auto again = source.under_way();

  reader->give_up(pages(0, 4), 7);

  EXPECT_TRUE(joined->failed(ErrorCode::cancelled));
  EXPECT_FALSE(again->wanted());
}

TEST_F(MemoryTierTest, WithTheLastReaderEndsWhatSeveralWanted) {
  auto reader = tier.open(blob), other = tier.open(blob);
  reader->fetch_ahead({pages(0, 4)});
  other->fetch_ahead({pages(0, 4)});
  const auto fetch = source.under_way();

  reader.reset();
  EXPECT_TRUE(fetch->wanted());
  other.reset();
  EXPECT_FALSE(fetch->wanted());
}

TEST_F(MemoryTierTest, PagesOfAnUnwantedFetchThatArriveLateAreIgnored) {
  auto reader = tier.open(blob);
  const auto other = tier.open(blob);
  read(*reader, blob, pages(0, 1), {pages(1, 4)});
  const auto unwanted = source.under_way(1);
  reader.reset();
  const auto answer = read(*other, blob, pages(1, 2));
  const auto again = source.under_way(2);

  FakeByteSource::arrive(unwanted, 0);
  source.end(unwanted, Error{ErrorCode::cancelled, "unwanted"});

  EXPECT_FALSE(answer->told);
  EXPECT_EQ(again->pages(), (PageRange{1, 2}));
  source.complete_all();
  EXPECT_TRUE(answer->good());
}

TEST_F(MemoryTierTest, AReaderThatIsClosedStillGetsItsAnswer) {
  auto reader = tier.open(blob);
  const auto answer = read(*reader, blob, pages(0, 2));

  reader.reset();
  source.complete_all();

  EXPECT_TRUE(answer->good());
}

TEST_F(MemoryTierTest, AnErrorReachesEveryWaiterAndWhatHadArrivedStays) {
  const auto reader = tier.open(blob);
  const auto first = read(*reader, blob, pages(0, 4));
  const auto second = read(*reader, blob, pages(1, 3));
  const auto arrived = read(*reader, blob, pages(0, 1));
  const auto fetch = source.under_way();

  FakeByteSource::arrive(fetch, 0);
  source.end(fetch, Error{ErrorCode::permission_denied, "no role"});

  EXPECT_TRUE(first->failed(ErrorCode::permission_denied));
  EXPECT_TRUE(second->failed(ErrorCode::permission_denied));
  EXPECT_TRUE(arrived->good());
  EXPECT_EQ(reader->presence(pages(0, 1)), Presence::here);
  EXPECT_EQ(reader->presence(pages(1, 1)), Presence::missing);
  EXPECT_EQ(source.count_under_way(), 0U);
}

TEST_F(MemoryTierTest, AFetchThatEndsTooEarlyIsAnError) {
  const auto reader = tier.open(blob);
  const auto answer = read(*reader, blob, pages(0, 2));

  FakeByteSource::arrive(source.under_way(), 0);
  source.end(source.under_way());

  EXPECT_TRUE(answer->failed(ErrorCode::internal));
}

TEST_F(MemoryTierTest, WhoJoinedAFetchThatFailsInPassingGetsOneOfItsOwn) {
  const auto reader = tier.open(blob);
  const auto began = read(*reader, blob, pages(0, 2));
  const auto joined = read(*reader, blob, pages(0, 2));
  const auto joined_too = read(*reader, blob, pages(1, 1));
  (void)source.started();

  source.end(source.under_way(), Error{ErrorCode::unavailable, "503"});

  EXPECT_TRUE(began->failed(ErrorCode::unavailable));
  EXPECT_FALSE(joined->told);
  EXPECT_FALSE(joined_too->told);
  EXPECT_THAT(source.started(), ElementsAre(PageRange{0, 2}));
  source.complete_all();
  EXPECT_TRUE(joined->good());
  EXPECT_TRUE(joined_too->good());
}

TEST_F(MemoryTierTest, WhoBeganAFetchOfSeveralPagesIsNotTakenForOneThatJoinedIt) {
  const auto reader = tier.open(blob);
  const auto answer = read(*reader, blob, pages(0, 3));

  source.end(source.under_way(), Error{ErrorCode::unreachable, "no route"});

  EXPECT_TRUE(answer->failed(ErrorCode::unreachable));
  EXPECT_EQ(source.count_under_way(), 0U);
}

TEST_F(MemoryTierTest, AnOutageIsWaitedOutTwiceAtMostHoweverManyJoin) {
  const auto reader = tier.open(blob);
  std::vector<std::shared_ptr<Answer>> answers;
  for (int i = 0; i < 10; ++i) answers.push_back(read(*reader, blob, pages(0, 2)));

  for (int i = 0; i < 2; ++i) source.end(source.under_way(), Error{ErrorCode::timed_out, "no answer"});

  for (const auto& answer : answers) EXPECT_TRUE(answer->failed(ErrorCode::timed_out));
  EXPECT_EQ(source.count_under_way(), 0U);
}

TEST_F(MemoryTierTest, WhoJoinedWhatWasFetchedAheadTriesAgain) {
  const auto reader = tier.open(blob);
  read(*reader, blob, pages(0, 1), {pages(1, 4)});
  const auto answer = read(*reader, blob, pages(1, 2));

  source.end(source.under_way(1), Error{ErrorCode::throttled, "503"});

  EXPECT_FALSE(answer->told);
  source.complete_all();
  EXPECT_TRUE(answer->good());
}

TEST_F(MemoryTierTest, ThatABlobChangedOrWentGoesToAllWhoWait) {
  for (const auto code : {ErrorCode::changed, ErrorCode::not_found}) {
    const auto reader = tier.open(blob);
    const auto began = read(*reader, blob, pages(0, 2));
    const auto joined = read(*reader, blob, pages(0, 2));

    source.end(source.under_way(), Error{code, "gone"});

    EXPECT_TRUE(began->failed(code));
    EXPECT_TRUE(joined->failed(code));
    EXPECT_EQ(source.count_under_way(), 0U);
  }
}

TEST_F(MemoryTierTest, AReadThatTwoFetchesFailIsToldOnce) {
  const auto reader = tier.open(blob);
  read(*reader, blob, pages(1, 1));
  const auto answer = read(*reader, blob, pages(0, 3));
  const auto fetches = std::vector{source.under_way(1), source.under_way(2)};

  for (const auto& fetch : fetches) source.end(fetch, Error{ErrorCode::permission_denied, "no role"});

  EXPECT_TRUE(answer->failed(ErrorCode::permission_denied));
}

TEST_F(MemoryTierTest, ACompletionThatHoldsItsReaderDoesNotCloseItUnderTheLock) {
  const std::shared_ptr<MemoryTier::Reader> reader = tier.open(blob);
  read(*reader, blob, pages(1, 1));
  bool told = false;
  {
    auto last = std::shared_ptr<MemoryTier::Reader>(tier.open(blob));
    auto& borrowed = *last;
    borrowed.read(pages(0, 3), {}, [&told, last = std::move(last)](const Result<Bytes>&) { told = true; });
  }
  const auto fails = source.under_way(1);

  source.end(fails, Error{ErrorCode::permission_denied, "no role"});
  EXPECT_TRUE(told);
  source.complete_all();  // the read stood in these fetches' lists as well

  EXPECT_EQ(source.count_under_way(), 0U);
}

TEST_F(MemoryTierTest, ReadsThatAreShortOfMemoryWaitAndGoOnInTheirOrder) {
  const auto reader = tier.open(blob);
  std::vector<int> order;
  std::vector<Bytes> held;
  for (int i = 0; i < 20; ++i) {
    reader->read(pages(static_cast<std::uint64_t>(i) * 16, 16), {},
                 exactly_once<Bytes>([&order, &held, i](Result<Bytes> bytes) {
                   ASSERT_TRUE(bytes);
                   order.push_back(i);
                   held.push_back(*std::move(bytes));
                 }));
  }
  EXPECT_EQ(source.count_under_way(), 4U);

  // answers are held: nothing new begins
  source.complete_all();
  EXPECT_EQ(order.size(), 4U);
  EXPECT_EQ(source.count_under_way(), 0U);

  // they go, and somebody comes or goes
  while (order.size() < 20) {
    const auto before = order.size();
    held.clear();
    tier.open(blob).reset();
    ASSERT_GT(source.count_under_way(), 0U) << order.size();
    EXPECT_LE(source.count_under_way(), 4U);
    source.complete_all();
    ASSERT_GT(order.size(), before);
  }

  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_F(MemoryTierTest, ReadsThatWaitForMemoryGoOnWhenAnswersAreTold) {
  const auto reader = tier.open(blob);
  std::vector<std::shared_ptr<Answer>> answers;
  for (std::uint64_t i = 0; i < 20; ++i) answers.push_back(read(*reader, blob, pages(i * 16, 16)));

  std::size_t most = 0;
  while (source.count_under_way() > 0) {
    most = std::max(most, source.count_under_way());
    source.complete(source.under_way());
  }

  for (const auto& answer : answers) EXPECT_TRUE(answer->good());
  EXPECT_EQ(most, budget_pages / 16);
}

TEST_F(MemoryTierTest, AReadThatWaitsForMemoryIsNotOvertakenByOneThatNeedsLess) {
  const auto reader = tier.open(blob);
  for (std::uint64_t i = 0; i < 4; ++i) read(*reader, blob, pages(i * 15, 15));
  const auto large = read(*reader, blob, pages(100, 16));
  const auto little = read(*reader, blob, pages(200, 1));

  EXPECT_EQ(source.count_under_way(), 4U);
  EXPECT_FALSE(little->told);

  source.complete_all();
  EXPECT_TRUE(large->good());
  EXPECT_TRUE(little->good());
}

TEST_F(MemoryTierTest, AHitIsAnsweredThoughOthersWaitForMemory) {
  const auto reader = tier.open(blob);
  std::vector<std::shared_ptr<Answer>> answers;
  for (std::uint64_t i = 0; i < 5; ++i) answers.push_back(read(*reader, blob, pages(i * 16, 16)));
  FakeByteSource::arrive(source.under_way(), 0);

  EXPECT_TRUE(read(*reader, blob, pages(0, 1))->good());

  source.complete_all();
  for (const auto& answer : answers) EXPECT_TRUE(answer->good());
}

TEST_F(MemoryTierTest, ABlockThatAnAnswerHoldsIsNotEvicted) {
  source.answer_at_once();
  const auto reader = tier.open(blob);
  const auto held = read(*reader, blob, pages(0, 16), {}, true);

  for (std::uint64_t page = 16; page < 500; page += 16) {
    EXPECT_TRUE(read(*reader, blob, pages(page, 16))->good());
  }

  EXPECT_TRUE(holds(held->bytes, *blob, pages(0, 16)));
  EXPECT_EQ(reader->presence(pages(0, 16)), Presence::here);
}

TEST_F(MemoryTierTest, OnePassOverAHugeBlobLeavesWhatIsReadAgainAndAgain) {
  source.answer_at_once();
  const auto hot = version("hot", 16 * page_size);
  const auto huge = version("huge", 4000 * page_size);
  const auto hot_reader = tier.open(hot);
  const auto other = tier.open(blob);
  const auto scanner = tier.open(huge);
  // it goes, and comes back
  read(*hot_reader, hot, pages(0, 16));
  for (std::uint64_t page = 0; page < 64; page += 16) read(*other, blob, pages(page, 16));
  read(*hot_reader, hot, pages(0, 16));

  std::size_t fetched_again = 0;
  for (std::uint64_t page = 0; page < 4000; page += 16) {
    read(*scanner, huge, pages(page, 16));
    if (page % 128 != 0) continue;
    (void)source.started();
    read(*hot_reader, hot, pages(0, 16));
    fetched_again += source.started().size();
  }

  EXPECT_EQ(fetched_again, 0U);
}

TEST_F(MemoryTierTest, ABudgetThatShrinksLetsReadsGoOnInWhatIsLeft) {
  source.answer_at_once();
  const auto reader = tier.open(blob);
  for (std::uint64_t page = 0; page < 64; page += 16) read(*reader, blob, pages(page, 16));

  const MemoryBudget::Charge directories(budget, 100 * budget_pages * page_size);

  for (std::uint64_t page = 0; page < 500; page += 16) {
    EXPECT_TRUE(read(*reader, blob, pages(page, 16))->good());
  }
}

TEST_F(MemoryTierTest, AListingAfterReadsDoesNotTakeTheMemoryASecondTime) {
  source.answer_at_once();
  const auto reader = tier.open(blob);
  for (std::uint64_t page = 0; page < 64; page += 16) read(*reader, blob, pages(page, 16));

  const MemoryBudget::Charge listing(budget, 40 * page_size);

  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] {
    std::uint64_t here = 0;
    for (std::uint64_t page = 0; page < 64; ++page) {
      if (reader->presence(pages(page, 1)) == Presence::here) ++here;
    }
    return here <= 24;
  })) << "nobody reads any more, and the memory is needed";
}

TEST_F(MemoryTierTest, WhatBlobsTakeBesideTheirPagesIsCharged) {
  source.answer_at_once();
  const auto before = budget.left_for_pages();
  std::vector<std::unique_ptr<MemoryTier::Reader>> readers;

  for (int i = 0; i < 40; ++i) {
    const auto small = version("small" + std::to_string(i), 100);
    readers.push_back(tier.open(small));
    read(*readers.back(), small, {0, 100});
  }

  EXPECT_LE(budget.left_for_pages(), before - 40 * (sizeof(Block) + 400));
}

TEST_F(MemoryTierTest, BlobsWithoutPagesAndReadersAreForgotten) {
  source.answer_at_once();
  const auto before = budget.left_for_pages();

  for (int i = 0; i < 1000; ++i) {
    const auto small = version("small" + std::to_string(i), 100);
    const auto reader = tier.open(small);
    if (i % 2 == 0) read(*reader, small, {0, 100});
  }

  EXPECT_GE(budget.left_for_pages(), before - (budget_pages + 2) * 1500) << "those that have pages stay";
}

TEST_F(MemoryTierTest, ABudgetThatShrinksWhileItIsTakenFromDoesNoHarm) {
  source.answer_at_once();
  std::atomic<bool> ending{false};
  std::thread directories([&] {
    while (!ending) const MemoryBudget::Charge charge(budget, budget_pages * page_size / 2);
  });
  const auto reader = tier.open(blob);

  for (std::uint64_t i = 0; i < 500; ++i) {
    EXPECT_TRUE(read(*reader, blob, pages(i * 7 % 900, 4))->good());
  }

  ending = true;
  directories.join();
}

TEST_F(MemoryTierTest, MemoryOfAFetchThatNobodyWantsAnyMoreFeedsThoseWhoWait) {
  // all memory is taken by what is fetched for readers that have gone
  for (std::uint64_t i = 0; i < 2; ++i) {
    const auto gone = tier.open(blob);
    read(*gone, blob, pages(1 + 200 * i, 1), {pages(100 + 200 * i, 31)});
    source.complete(source.under_way(i));
  }
  const auto reader = tier.open(blob);
  const auto hungry = read(*reader, blob, pages(400, 16));

  {
    // as one download that fills both
    const auto unwanted = std::vector{source.under_way(0), source.under_way(1)};
    ASSERT_EQ(source.count_under_way(), 2U);
    for (const auto& fetch : unwanted) source.end(fetch, Error{ErrorCode::cancelled, "unwanted"});
  }
  source.complete_all();

  EXPECT_TRUE(hungry->good());
}

}  // namespace
}  // namespace blobmount::tests
