#include "cache/disk_pause.hpp"

#include <gtest/gtest.h>

namespace blobmount {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr SteadyTime now{std::chrono::hours{1}};

TEST(DiskPause, ADiskThatWorksIsNotLeftAlone) {
  DiskPause pause;

  EXPECT_FALSE(pause.holds(now));
  EXPECT_FALSE(pause.succeeded());
}

TEST(DiskPause, EachFailureInARowDoublesItUpToTenMinutes) {
  DiskPause pause;
  for (const Duration length :
       {Duration{seconds{30}}, Duration{minutes{1}}, Duration{minutes{2}}, Duration{minutes{4}},
        Duration{minutes{8}}, Duration{minutes{10}}, Duration{minutes{10}}}) {
    pause.failed(now);
    EXPECT_TRUE(pause.holds(now + length - Duration{1}));
    EXPECT_FALSE(pause.holds(now + length));
  }
}

TEST(DiskPause, OnlyTheFirstFailureAndTheFirstSuccessAreNews) {
  DiskPause pause;

  EXPECT_TRUE(pause.failed(now));
  EXPECT_FALSE(pause.failed(now));
  EXPECT_TRUE(pause.succeeded());
  EXPECT_FALSE(pause.succeeded());
  EXPECT_TRUE(pause.failed(now));
  EXPECT_FALSE(pause.holds(now + seconds{30}));
}

}  // namespace
}  // namespace blobmount
