#include "tree/freshness.hpp"

#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::chrono_literals;

TEST(Freshness, OpenGoesByAnAnswerThatIsAsOldAsTheTtlAtMostAndStatShowsOneThatIsTenTimesAsOld) {
  const auto freshness = freshness_of({.attr_ttl = 3s});

  EXPECT_EQ(freshness.open.present, 3s);
  EXPECT_EQ(freshness.open.absent, 3s);
  EXPECT_EQ(freshness.lookup.present, 30s);
  EXPECT_EQ(freshness.lookup.absent, 3s);
  EXPECT_EQ(freshness.listing.opened, 3s);
  EXPECT_EQ(freshness.listing.walked, 30s);
}

TEST(Freshness, ATtlOfNothingTrustsNothing) {
  const auto freshness = freshness_of({.attr_ttl = 0s});

  for (const auto age : {freshness.open.present, freshness.open.absent, freshness.lookup.present,
                         freshness.lookup.absent, freshness.listing.opened, freshness.listing.walked})
    EXPECT_EQ(age, 0s);
}

TEST(Freshness, WhatIsCachedMayBeThatOldForEveryUseWhateverTheTtl) {
  const auto freshness =
      freshness_of({.consistency = {.kind = Consistency::Kind::cached, .age = 5min}, .attr_ttl = 1s});

  for (const auto age : {freshness.open.present, freshness.open.absent, freshness.lookup.present,
                         freshness.lookup.absent, freshness.listing.opened, freshness.listing.walked})
    EXPECT_EQ(age, 5min);
}

TEST(Freshness, WhatIsImmutableIsTrustedForLongerThanAnyMountLasts) {
  const auto freshness = freshness_of({.consistency = {.kind = Consistency::Kind::immutable}});

  for (const auto age : {freshness.open.present, freshness.open.absent, freshness.lookup.present,
                         freshness.lookup.absent, freshness.listing.opened, freshness.listing.walked})
    EXPECT_GE(age, 24h * 365 * 10);
  EXPECT_GT(SteadyTime{24h * 365} + freshness.lookup.present, SteadyTime{24h * 365});  // it can be added
}

}  // namespace
}  // namespace blobmount
