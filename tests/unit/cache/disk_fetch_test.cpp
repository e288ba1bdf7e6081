#include "cache/disk_fetch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/cache/disk_parts.hpp"

namespace blobmount::tests {
namespace {

using testing::ElementsAre;

const Error failure{ErrorCode::unavailable, "failed"};

class DiskFetchTest : public testing::Test {
 protected:
  SharedFetch part(PageRange pages) {
    return part_of(division, pages, [this](std::uint64_t page, const PageBuffer&) { kept.push_back(page); });
  }

  static void fill(Fetch& fetch) {
    for (std::size_t i = 0; i < fetch.pages().count; ++i) {
      const auto bytes = bytes_of({fetch.pages().first + i, 1}, fetch.version()->size);
      content_of(*fetch.version()).fill(bytes.offset, {fetch.buffers()[i].get(), bytes.length});
      fetch.arrived(i);
    }
  }

  const SharedWatch fetch = fetch_of(version_of("blob", 10), {2, 6});
  const SharedDivision division = std::make_shared<DividedFetch>(fetch);
  std::vector<std::uint64_t> kept;
};

TEST_F(DiskFetchTest, TheWholeEndsWithTheLastOfItsParts) {
  const auto one = part({2, 4});
  const auto other = part({6, 2});
  division->part_ended({});

  fill(*other);
  other->ended({});
  EXPECT_FALSE(fetch->has_ended());

  fill(*one);
  one->ended({});
  EXPECT_TRUE(fetch->wait());
  EXPECT_THAT(kept, ElementsAre(6, 7, 2, 3, 4, 5));
}

TEST_F(DiskFetchTest, PartsThatEndAtOnceDoNotEndTheWholeBeforeAllHaveBegun) {
  const auto one = part({2, 4});
  fill(*one);
  one->ended({});
  EXPECT_FALSE(fetch->has_ended());

  const auto other = part({6, 2});
  fill(*other);
  other->ended({});
  division->part_ended({});

  EXPECT_TRUE(fetch->wait());
}

TEST_F(DiskFetchTest, TheFirstErrorIsTheWholes) {
  const auto one = part({2, 4});
  const auto other = part({6, 2});
  division->part_ended({});

  one->ended(failure);
  other->ended(Error{ErrorCode::changed, "another"});

  const auto outcome = fetch->wait();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::unavailable);
}

TEST_F(DiskFetchTest, AnErrorBehindTheLastPageIsNone) {
  const auto all = part({2, 6});
  division->part_ended({});

  fill(*all);
  all->ended(failure);

  EXPECT_TRUE(fetch->wait());
}

TEST_F(DiskFetchTest, APartIsAsWantedAsTheWholeAndHasItsMemory) {
  const auto some = part({6, 2});
  division->part_ended({});

  EXPECT_EQ(some->version(), fetch->version());
  EXPECT_EQ(some->urgency(), Urgency::waited_for);
  EXPECT_THAT(some->buffers(), ElementsAre(fetch->buffers()[4], fetch->buffers()[5]));
  EXPECT_TRUE(some->wanted());
  fetch->abandon();
  EXPECT_FALSE(some->wanted());
  some->ended(failure);
}

}  // namespace
}  // namespace blobmount::tests
