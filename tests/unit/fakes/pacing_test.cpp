#include "fakes/pacing.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

const SteadyTime start{1h};

TEST(Pacing, CountsFromTheStartSoThatLateWakeUpsDoNotAddUp) {
  Pacing pacing(1000, start);

  EXPECT_EQ(pacing.sent(100, start), start + 100ms);
  EXPECT_EQ(pacing.sent(100, start + 130ms), start + 200ms);  // 30 ms late, and the next deadline stays
  EXPECT_EQ(pacing.sent(100, start + 240ms), start + 300ms);
}

TEST(Pacing, DoesNotCatchUpWithATimeInWhichThePeerDidNotRead) {
  Pacing pacing(1000, start);
  pacing.sent(100, start);

  EXPECT_EQ(pacing.sent(100, start + 5s), start + 5s);
  EXPECT_EQ(pacing.sent(100, start + 5s), start + 5100ms);
}

TEST(Pacing, SendsSomeMillisecondsAtATime) {
  EXPECT_EQ(Pacing(1, start).piece(), 1u);
  EXPECT_EQ(Pacing(60e6, start).piece(), 240'000u);
  EXPECT_EQ(Pacing(1e12, start).piece(), 1u << 20);
  EXPECT_FALSE(Pacing(0, start).limited());
}

}  // namespace
}  // namespace blobmount::tests
