#include "http/rate_limit.hpp"

#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::chrono_literals;

const SteadyTime start{1h};

/// What can be taken in pieces of `piece` from `from` on, until `until`, by somebody who comes back when
/// told.
std::uint64_t taken(RateLimit& limit, std::uint64_t piece, SteadyTime from, SteadyTime until) {
  std::uint64_t sum = 0;
  for (auto now = from; now < until;) {
    const auto wait = limit.take(piece, now);
    if (wait == 0ms) sum += piece;
    now += wait;
  }
  return sum;
}

TEST(RateLimit, ZeroIsNone) {
  RateLimit limit(0);

  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limit.take(1U << 30U, start), 0ms);
  EXPECT_EQ(limit.wait(start), 0ms);
}

TEST(RateLimit, InTheLongRunItIsTheRate) {
  for (const std::uint64_t piece : {1U, 1000U, 16'384U, 300'000U}) {
    RateLimit limit(1'000'000);
    const auto sum = static_cast<double>(taken(limit, piece, start, start + 60s));
    EXPECT_NEAR(sum, 60e6, 0.7e6) << piece;
  }
}

TEST(RateLimit, APieceLargerThanTheRateIsPaidForAfterwards) {
  RateLimit limit(1000);

  EXPECT_EQ(limit.take(5000, start), 0ms);
  EXPECT_EQ(limit.take(1, start), 4900ms) << "a tenth of a second had been saved";
  EXPECT_EQ(limit.wait(start + 1s), 3900ms);
  EXPECT_EQ(limit.take(1, start + 4900ms), 0ms);
}

TEST(RateLimit, WhatWasNotUsedIsSavedForATenthOfASecondOnly) {
  RateLimit limit(100);
  EXPECT_EQ(limit.take(1, start), 0ms);

  int at_once = 0;
  while (limit.take(1, start + 1h) == 0ms) ++at_once;

  EXPECT_EQ(at_once, 11) << "those saved, and the one that runs into debt";
}

TEST(RateLimit, ANewRateForgivesWhatIsOwed) {
  RateLimit limit(1);
  EXPECT_EQ(limit.take(3000, start), 0ms);
  EXPECT_GT(limit.wait(start), 40min);

  limit.set(1'000'000);

  EXPECT_EQ(limit.wait(start), 0ms);
  EXPECT_EQ(limit.per_second(), 1'000'000U);
}

TEST(RateLimit, TheSameRateAgainForgivesNothing) {
  RateLimit limit(1);
  EXPECT_EQ(limit.take(3000, start), 0ms);
  const auto owed = limit.wait(start);

  limit.set(1);

  EXPECT_EQ(limit.wait(start), owed);
}

TEST(RateLimit, NoAmountIsTooLarge) {
  RateLimit limit(1);

  EXPECT_EQ(limit.take(~std::uint64_t{0}, start), 0ms);
  EXPECT_LE(limit.wait(start), 1h);
  EXPECT_GT(limit.wait(start), 59min);
}

}  // namespace
}  // namespace blobmount
