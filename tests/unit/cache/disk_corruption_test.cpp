/// A cache directory that holds what no blobmount wrote: nothing of it is served.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cache/disk_tier.hpp"
#include "unit/cache/disk_tier_fixture.hpp"

namespace blobmount::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class DiskCorruptionTest : public DiskTierTest {
 protected:
  DiskCorruptionTest() {
    mount();
    keep(version);
    tier.reset();
  }

  /// All of the version is read from the origin again, and is on disk afterwards.
  void expect_replaced() {
    mount();
    EXPECT_THAT(missing(version), ElementsAre(PageRange{0, 5}));
    mount();
    EXPECT_THAT(missing(version), IsEmpty());
    EXPECT_THAT(files(".data"), SizeIs(1));
    EXPECT_THAT(files(".pages"), SizeIs(1));
  }

  [[nodiscard]] std::filesystem::path data() const { return files(".data").at(0); }
  [[nodiscard]] std::filesystem::path side() const { return files(".pages").at(0); }

  const SharedVersion version = version_of_size("blob", 4 * page_size + 77);
};

TEST_F(DiskCorruptionTest, APageWithAFlippedBitIsFetchedAgainAndMended) {
  flip_bit(data(), 2 * page_size + 1234);

  mount();
  EXPECT_THAT(missing(version), ElementsAre(PageRange{2, 1}));
  EXPECT_EQ(tier->stats().bad, 1U);
  EXPECT_THAT(log.lines_for_operators(), ElementsAre(HasSubstr("disk cache has a bad page")));

  mount();
  EXPECT_THAT(missing(version), IsEmpty());
}

TEST_F(DiskCorruptionTest, NoFlippedBitOfTheSideFileIsBelieved) {
  const auto size = std::filesystem::file_size(side());
  for (std::uint64_t offset = 0; offset < size; ++offset) {
    flip_bit(side(), offset);
    mount();
    read_all(version);
    tier.reset();
  }
}

TEST_F(DiskCorruptionTest, NoTruncatedSideFileIsBelieved) {
  for (auto size = std::filesystem::file_size(side()); size-- > 0;) {
    std::filesystem::resize_file(side(), size);
    mount();
    EXPECT_THAT(missing(version), testing::Not(IsEmpty())) << size;
    tier.reset();
  }
}

TEST_F(DiskCorruptionTest, ATruncatedDataFileLosesItsEndOnly) {
  std::filesystem::resize_file(data(), 2 * page_size + 5);

  mount();

  EXPECT_THAT(missing(version), ElementsAre(PageRange{2, 1}, PageRange{3, 1}, PageRange{4, 1}));
}

TEST_F(DiskCorruptionTest, AnotherFormatVersionIsReplaced) {
  flip_bit(side(), 8);

  expect_replaced();
}

TEST_F(DiskCorruptionTest, ASideFileOfAnotherVersionIsReplaced) {
  const auto place = side();
  mount();
  const auto other = version_of_size("other", version->size);
  keep(other);
  tier.reset();
  for (const auto& file : files(".pages")) {
    if (file != place) std::filesystem::rename(file, place);
  }

  expect_replaced();
}

TEST_F(DiskCorruptionTest, AFileThatStandsAloneIsRemoved) {
  std::filesystem::remove(side());

  mount();

  EXPECT_THAT(files(".data"), IsEmpty());
}

TEST_F(DiskCorruptionTest, ASideFileThatStandsAloneIsRemoved) {
  std::filesystem::remove(data());

  mount();

  EXPECT_THAT(files(".pages"), IsEmpty());
}

TEST_F(DiskCorruptionTest, FilesOfOthersAreLeftAlone) {
  const auto foreign = std::filesystem::path(path()) / "notes.data";
  std::ofstream(foreign) << "text";
  std::filesystem::create_directory(std::filesystem::path(path()) / "0123456789abcdef.data");
  limits.size = 0;

  mount();

  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->stats().bytes == 0; }));
  EXPECT_TRUE(std::filesystem::exists(foreign));
  EXPECT_THAT(files(".data"), SizeIs(2));
}

TEST_F(DiskCorruptionTest, FilesRemovedUnderARunningMountAreMadeAgain) {
  limits.waiting = 1ULL << 30U;
  mount();  // knows that there are files, has not opened them
  std::filesystem::remove(side());
  std::filesystem::remove(data());

  EXPECT_THAT(missing(version), ElementsAre(PageRange{0, 5}));
  EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->complete(*version); }));
}

}  // namespace
}  // namespace blobmount::tests
