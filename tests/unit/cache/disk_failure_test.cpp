/// A disk that is slow, full, gone or broken: reads go on from below, and the operator hears of it once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "cache/disk_tier.hpp"
#include "unit/cache/disk_tier_fixture.hpp"

namespace blobmount::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class DiskFailureTest : public DiskTierTest {
 protected:
  bool dropped(std::uint64_t pages) {
    return eventually(std::chrono::seconds{20}, [&] { return tier->stats().dropped == pages; });
  }

  const SharedVersion version = version_of("blob", 8);
};

TEST_F(DiskFailureTest, ASlowDiskDelaysNobodyAndLosesPages) {
  limits.waiting = 4 * page_size;
  mount();
  faults.hold_writes();

  read_all(version_of("large", 100));

  EXPECT_EQ(tier->stats().dropped, 0U);
  faults.release();
  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->stats().dropped > 0; }))
      << "nobody kept their bytes";
}

TEST_F(DiskFailureTest, WhatIsStillInMemoryWhenASlowDiskGetsToItIsWritten) {
  limits.waiting = 4 * page_size;
  mount();
  faults.hold_writes();
  const auto large = version_of("large", 100);
  const auto fetch = start(large, all_pages(*large));  // has the memory
  ASSERT_TRUE(fetch->wait());

  faults.release();

  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->complete(*large); }));
  EXPECT_EQ(tier->stats().dropped, 0U);
}

TEST_F(DiskFailureTest, AWriteErrorIsToldOnceAndWritingResumesAfterAPause) {
  mount();
  faults.fail_writes(ErrorCode::unavailable);
  read_all(version);
  ASSERT_TRUE(dropped(8));
  faults.fail_writes(std::nullopt);
  read_all(version);
  ASSERT_TRUE(dropped(16)) << "it is left alone for a while";
  EXPECT_THAT(log.lines_for_operators(),
              ElementsAre("warning disk cache is not written reason=the disk fails to order"));

  clock.advance(std::chrono::seconds{30});
  keep(version);

  mount();
  EXPECT_THAT(log.lines_for_operators(), ElementsAre(testing::_, "info disk cache is written again"));
  EXPECT_THAT(missing(version), IsEmpty());
}

TEST_F(DiskFailureTest, WhileTheDiskKeepsFailingTheOperatorHearsOfItOnce) {
  mount();
  faults.fail_writes(ErrorCode::unavailable);

  for (std::uint64_t i = 1; i <= 10; ++i) {
    read_all(version);
    ASSERT_TRUE(dropped(8 * i));
    clock.advance(std::chrono::minutes{10});
  }

  EXPECT_THAT(log.lines_for_operators(), SizeIs(1));
}

TEST_F(DiskFailureTest, WhatCannotBeReadIsFetchedFromBelow) {
  mount();
  keep(version);
  settle();
  faults.fail_reads(ErrorCode::unavailable);

  EXPECT_THAT(missing(version), SizeIs(8));
  EXPECT_GE(tier->stats().bad, 8U);
  EXPECT_THAT(log.lines_for_operators(), SizeIs(1));
}

TEST_F(DiskFailureTest, AnErrorThatPassesCostsNothingThatIsOnDisk) {
  mount();
  keep(version);
  mount();
  faults.fail_reads(ErrorCode::unavailable);
  EXPECT_THAT(missing(version), SizeIs(1));

  faults.fail_reads(std::nullopt);

  EXPECT_THAT(missing(version), IsEmpty());
}

TEST_F(DiskFailureTest, ABlobTooLargeForTheFileSystemStopsNobodyElse) {
  mount();
  faults.fail_writes(ErrorCode::too_large);
  read_all(version_of("large", 8));
  ASSERT_TRUE(dropped(8));
  faults.fail_writes(std::nullopt);

  keep(version);

  EXPECT_THAT(log.lines_for_operators(), IsEmpty());
}

TEST_F(DiskFailureTest, AQuotaBelowTheLimitEvictsAndGoesOn) {
  mount();
  keep(version_of("old", 4));
  faults.fail_writes(ErrorCode::no_space);
  EXPECT_TRUE(read(version, {0, 1}));
  ASSERT_TRUE(dropped(1));

  faults.fail_writes(std::nullopt);
  keep(version);

  EXPECT_EQ(tier->stats().evicted, 1U);
  EXPECT_THAT(log.lines_for_operators(), IsEmpty());
}

TEST_F(DiskFailureTest, AVanishedDirectoryIsToldOnceAndReadsGoOn) {
  mount();
  keep(version);
  const auto other = version_of("other", 8);
  std::filesystem::remove_all(path());

  read_all(version);
  read_all(other);
  EXPECT_TRUE(dropped(8));
  read_all(other);
  EXPECT_TRUE(dropped(16));

  EXPECT_THAT(log.lines_for_operators(), SizeIs(1));
  tier.reset();
}

/// A real file system of 1 MiB.
class DiskFullTest : public DiskFailureTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkdir(path().c_str(), 0700), 0);
    if (::mount("tmpfs", path().c_str(), "tmpfs", 0, "size=1m,mode=0700") != 0) GTEST_SKIP() << "needs root";
    mounted_ = true;
  }
  void TearDown() override {
    tier.reset();
    if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
  }

 private:
  bool mounted_ = false;
};

TEST_F(DiskFullTest, AFullDiskIsToldOnceAndReadsGoOn) {
  const auto large = version_of("large", 64);
  mount();

  read_all(large);
  read_all(large);
  tier->stop();

  EXPECT_GT(tier->stats().dropped, 0U);
  ASSERT_THAT(log.lines_for_operators(), SizeIs(1));
  EXPECT_THAT(log.lines_for_operators()[0], testing::StartsWith("warning disk cache is not written"));
}

TEST_F(DiskFullTest, OnAFullDiskWhatWasUsedLeastGoes) {
  mount();
  std::vector<SharedVersion> versions;
  for (int i = 0; i < 40; ++i) {
    versions.push_back(version_of("blob" + std::to_string(i), 3));
    read_all(versions.back());
    // each is written, or dropped for the next to find room
    eventually(std::chrono::seconds{20},
               [&] { return tier->complete(*versions.back()) || tier->stats().dropped > 0; });
  }

  EXPECT_GT(tier->stats().evicted, 0U);
  EXPECT_THAT(log.lines_for_operators(), IsEmpty());
  keep(version_of("last", 3));
}

}  // namespace
}  // namespace blobmount::tests
