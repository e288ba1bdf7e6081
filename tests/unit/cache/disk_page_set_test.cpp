#include "cache/disk_page_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::ElementsAre;

TEST(PageSet, HoldsWhatWasInsertedAndNotErased) {
  PageSet set;

  EXPECT_TRUE(set.insert(3));
  EXPECT_FALSE(set.insert(3));
  EXPECT_TRUE(set.insert(1'000'000'000'000));
  EXPECT_TRUE(set.contains(3));
  EXPECT_FALSE(set.contains(4));
  EXPECT_EQ(set.size(), 2U);

  EXPECT_TRUE(set.erase(3));
  EXPECT_FALSE(set.erase(3));
  EXPECT_FALSE(set.erase(70'000));
  EXPECT_FALSE(set.contains(3));
  EXPECT_EQ(set.size(), 1U);
}

TEST(PageSet, OnlyLargeBlobsTakeMemoryBesideTheSet) {
  PageSet set;
  for (std::uint64_t page = 0; page < 64; ++page) EXPECT_TRUE(set.insert(page));
  EXPECT_EQ(set.footprint(), 0U);
  EXPECT_EQ(set.size(), 64U);

  EXPECT_TRUE(set.insert(64));
  EXPECT_GT(set.footprint(), 0U);
  EXPECT_EQ(set.size(), 65U);
  EXPECT_TRUE(set.erase(63));
  EXPECT_TRUE(set.contains(64));
}

TEST(PageSet, PagesFallIntoRuns) {
  PageSet set;
  for (const std::uint64_t page : {2ULL, 3ULL, 6ULL, 600ULL}) set.insert(page);

  EXPECT_THAT(runs_of({0, 8}, set),
              ElementsAre(PageRun{{0, 2}, false}, PageRun{{2, 2}, true}, PageRun{{4, 2}, false},
                          PageRun{{6, 1}, true}, PageRun{{7, 1}, false}));
  EXPECT_THAT(runs_of({3, 1}, set), ElementsAre(PageRun{{3, 1}, true}));
  EXPECT_THAT(runs_of({500, 200}, set),
              ElementsAre(PageRun{{500, 100}, false}, PageRun{{600, 1}, true}, PageRun{{601, 99}, false}));
}

}  // namespace
}  // namespace blobmount
