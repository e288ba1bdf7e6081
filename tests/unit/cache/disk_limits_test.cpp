/// The disk tier within its limits: what is evicted, and when.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cache/disk_tier.hpp"
#include "unit/cache/disk_tier_fixture.hpp"

namespace blobmount::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// Room for that many pages, and for as many side files.
constexpr std::uint64_t room_for(std::uint64_t pages) { return pages * (page_size + 8192 + 8); }

std::uint64_t pages_in(const std::vector<PageRange>& ranges) {
  std::uint64_t pages = 0;
  for (const auto range : ranges) pages += range.count;
  return pages;
}

TEST_F(DiskTierTest, TheLeastRecentlyUsedVersionIsEvicted) {
  limits.size = room_for(9);
  const auto one = version_of("one", 3), two = version_of("two", 3), three = version_of("three", 3);
  mount();
  for (const auto& version : {one, two, three}) keep(version);
  EXPECT_THAT(missing(one), IsEmpty());
  settle();

  keep(version_of("four", 3));

  EXPECT_FALSE(tier->complete(*two));
  EXPECT_TRUE(tier->complete(*one));
  EXPECT_TRUE(tier->complete(*three));
  EXPECT_EQ(tier->stats().evicted, 1U);
  EXPECT_THAT(files(".data"), SizeIs(3));
}

TEST_F(DiskTierTest, TheOrderOfUseSurvivesARemount) {
  const auto one = version_of("one", 3), two = version_of("two", 3), three = version_of("three", 3);
  mount();
  keep(one);
  keep(two);
  mount();
  std::this_thread::sleep_for(std::chrono::milliseconds{20});  // the clock of file times is coarse
  read_all(one);

  limits.size = room_for(7);
  mount();
  keep(three);

  EXPECT_THAT(missing(one), IsEmpty());
  EXPECT_FALSE(tier->complete(*two));
}

TEST_F(DiskTierTest, AUseIsRememberedThoughTheProcessIsKilledLater) {
  const auto version = version_of("blob", 1);
  mount();
  keep(version);
  mount();
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours{1};
  std::filesystem::last_write_time(files(".pages").at(0), long_ago);

  read_all(version);

  EXPECT_GT(std::filesystem::last_write_time(files(".pages").at(0)), long_ago + std::chrono::minutes{30});
}

TEST_F(DiskTierTest, ASmallerCacheIsFitAtTheNextMount) {
  mount();
  for (const auto* blob : {"one", "two", "three"}) keep(version_of(blob, 3));

  limits.size = room_for(4);
  mount();

  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->stats().evicted == 2; }));
  EXPECT_LE(tier->stats().bytes, limits.size);
}

TEST_F(DiskTierTest, ABlobLargerThanTheCacheFillsItAndDoesNotThrash) {
  limits.size = room_for(20);
  const auto large = version_of("large", 50);
  mount();
  read_all(large);

  mount();
  const auto first = pages_in(missing(large));
  EXPECT_LE(tier->stats().bytes, limits.size);
  EXPECT_LT(first, 44U) << "it fills the cache, but for what 16 pages at once leave free";

  mount();
  EXPECT_LE(pages_in(missing(large)), first) << "what is there stays there";
  EXPECT_EQ(tier->stats().evicted, 0U);
}

TEST_F(DiskTierTest, FilesTakeWhatTheirPagesTake) {
  const auto version = version_of("sparse", 10'000);
  mount();
  EXPECT_TRUE(read(version, {9'000, 2}));
  mount();

  struct stat status {};
  ASSERT_EQ(::stat(files(".data").at(0).c_str(), &status), 0);
  EXPECT_EQ(status.st_size, static_cast<off_t>(version->size));
  EXPECT_LE(status.st_blocks * 512, static_cast<blkcnt_t>(3 * page_size));
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  ASSERT_EQ(::stat(files(".pages").at(0).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(DiskTierTest, WithoutTheFreeSpaceThatIsToBeLeftNothingIsWritten) {
  limits.free_space = 1ULL << 60U;
  const auto version = version_of("blob", 4);
  mount();

  read_all(version);

  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->stats().dropped == 4; }));
  EXPECT_EQ(tier->stats().bytes, 0U);
  EXPECT_THAT(log.lines_for_operators(),
              ElementsAre(testing::MatchesRegex(
                  "warning disk cache is not written reason=only [0-9]+ bytes are free")));
}

TEST_F(DiskTierTest, ForTheFreeSpaceThatIsToBeLeftOthersAreEvicted) {
  mount();
  keep(version_of("old", 4));

  limits.free_space = 1ULL << 60U;
  mount();

  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->stats().bytes == 0; }));
  EXPECT_THAT(files(".data"), IsEmpty());
}

}  // namespace
}  // namespace blobmount::tests
