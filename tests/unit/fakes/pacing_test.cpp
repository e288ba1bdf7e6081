#include "fakes/pacing.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

const SteadyTime start{1h};

TEST(Pacing, CountsFromTheStartSoThatLateWakeUpsDoNotAddUp) {
  Pacing pacing(1000, start);

  EXPECT_EQ(pacing.arrival_of(100, start), start + 100ms);
  EXPECT_EQ(pacing.arrival_of(100, start + 130ms), start + 200ms);  // 30 ms late, and the next deadline stays
  EXPECT_EQ(pacing.arrival_of(100, start + 240ms), start + 300ms);
}

TEST(Pacing, DoesNotCatchUpWithATimeInWhichThePeerDidNotRead) {
  Pacing pacing(1000, start);
  pacing.arrival_of(100, start);

  EXPECT_EQ(pacing.arrival_of(100, start + 5s), start + 5100ms);
  EXPECT_EQ(pacing.arrival_of(100, start + 5100ms), start + 5200ms);
}

TEST(Pacing, SendsSomeMillisecondsAtATimeAndLessAtFirst) {
  Pacing pacing(60e6, start);
  EXPECT_EQ(pacing.piece(), 16'384u);
  pacing.arrival_of(10'000'000, start);
  EXPECT_EQ(pacing.piece(), 240'000u);

  EXPECT_EQ(Pacing(1, start).piece(), 1u);
  EXPECT_FALSE(Pacing(0, start).limited());
}

}  // namespace
}  // namespace blobmount::tests
