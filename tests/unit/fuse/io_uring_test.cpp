#include "fuse/io_uring.hpp"

#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

constexpr std::uint64_t mib = 1U << 20U;

TEST(IoUring, AnswersInTheBackgroundFitIntoTheMemory) {
  for (const std::uint64_t memory : {16 * mib, 32 * mib, 100 * mib, 512 * mib, 100'000 * mib}) {
    const auto rings = rings_within(memory, 2, mib);
    EXPECT_LE(rings.bytes, memory) << memory;
    EXPECT_GE(rings.bytes, rings.background * mib);
    EXPECT_GE(rings.background, 8U);
    EXPECT_LE(rings.background, 128U);
  }
}

TEST(IoUring, OfLongRequestsThereAreFewer) {
  EXPECT_EQ(rings_within(512 * mib, 2, 4 * mib).background, 127U);
  EXPECT_EQ(rings_within(64 * mib, 2, 4 * mib).background, 15U);
}

TEST(IoUring, AFewRequestsInTheBackgroundThereAreAlways) {
  EXPECT_EQ(rings_within(0, 2, mib).background, 8U);
}

TEST(IoUring, ManyReadersCanWaitOnEachCoreHoweverManyThereAre) {
  EXPECT_EQ(rings_within(32 * mib, 2, mib).depth, 256U);
  EXPECT_EQ(rings_within(32 * mib, 32, mib).depth, 256U);
  EXPECT_EQ(rings_within(32 * mib, 256, mib).depth, 32U);
  EXPECT_EQ(rings_within(32 * mib, 0, mib).depth, 256U);
}

}  // namespace
}  // namespace blobmount::tests
