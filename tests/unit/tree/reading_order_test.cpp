#include "tree/reading_order.hpp"

#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::ElementsAreArray;
using By = ReadingOrder::By;

constexpr std::size_t entries = 100;

/// By number, the entries are 0, 73, 46, 19, 92, 65, 38, 11, 84, 57, 30, ...
std::uint64_t shuffled(std::size_t index) { return index * 37 % entries; }

struct Case {
  std::string name;
  By guess;
  std::vector<std::size_t> opened;
  std::vector<bool> expected;
  unsigned run;
  By by;
  std::optional<std::size_t> next;
};

void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

class ReadingOrderTable : public testing::TestWithParam<Case> {};

TEST_P(ReadingOrderTable, TellsWhatWasToBeExpected) {
  const auto& row = GetParam();
  ReadingOrder order(entries, shuffled, row.guess);

  std::vector<bool> expected;
  for (const auto index : row.opened) expected.push_back(order.opened(index));

  EXPECT_THAT(expected, ElementsAreArray(row.expected));
  EXPECT_EQ(order.run(), row.run);
  EXPECT_EQ(order.by(), row.by);
  EXPECT_EQ(order.ahead(1), row.next);
}

const std::vector<Case> cases = {
    {"TheFirst", By::listing, {42}, {true}, 0, By::listing, 43},
    {"AsListed", By::listing, {5, 6, 7, 8}, {true, true, true, true}, 3, By::listing, 9},
    {"WithGaps", By::listing, {5, 9, 10, 14}, {true, true, true, true}, 3, By::listing, 15},
    {"TooLargeAGap", By::listing, {5, 10}, {true, false}, 0, By::listing, 11},
    {"Backwards", By::listing, {7, 6, 5}, {true, false, false}, 0, By::listing, 6},
    {"ALeap", By::listing, {5, 6, 7, 50, 51}, {true, true, true, false, true}, 1, By::listing, 52},
    {"Repeats", By::listing, {5, 5, 6, 6, 6, 7}, {true, true, true, true, true, true}, 2, By::listing, 8},
    {"ToTheEnd", By::listing, {97, 98, 99}, {true, true, true}, 2, By::listing, std::nullopt},

    {"ByNumber", By::listing, {0, 73, 46, 19}, {true, true, true, true}, 3, By::number, 92},
    {"ByNumberWithGaps", By::listing, {0, 92, 84}, {true, true, true}, 2, By::number, 57},
    {"TooLargeAGapByNumber", By::listing, {0, 65}, {true, false}, 0, By::listing, 66},
    {"RepeatsByNumber", By::listing, {0, 73, 73, 46}, {true, true, true, true}, 2, By::number, 19},

    // who follows an order is not taken to have left it for one that does
    {"NoSwitchInARun", By::listing, {5, 6, 7, 80}, {true, true, true, false}, 0, By::listing, 81},
    {"SwitchAfterALeap", By::listing, {5, 6, 7, 80, 53}, {true, true, true, false, true}, 1, By::number, 26},
    {"SwitchBack", By::listing, {0, 73, 46, 47, 48}, {true, true, true, false, true}, 1, By::listing, 49},
    {"RightGuess", By::number, {0, 73}, {true, true}, 1, By::number, 46},
    {"WrongGuess", By::number, {5, 6, 7}, {true, true, true}, 2, By::listing, 8},
};

INSTANTIATE_TEST_SUITE_P(ReadingOrder, ReadingOrderTable, testing::ValuesIn(cases),
                         [](const auto& row) { return row.param.name; });

TEST(ReadingOrder, MeasuresDistancesInTheOrderItFollows) {
  ReadingOrder listed(entries, shuffled, By::listing);
  ASSERT_TRUE(listed.opened(46));
  EXPECT_EQ(listed.distance_to(49), 3);
  EXPECT_EQ(listed.distance_to(46), 0);
  EXPECT_EQ(listed.distance_to(40), -6);

  ReadingOrder numbered(entries, shuffled, By::number);
  ASSERT_TRUE(numbered.opened(46));
  EXPECT_EQ(numbered.distance_to(92), 2);
  EXPECT_EQ(numbered.distance_to(0), -2);
}

TEST(ReadingOrder, LooksAsFarAheadAsTheDirectoryGoes) {
  ReadingOrder order(entries, shuffled, By::listing);
  ASSERT_TRUE(order.opened(90));

  EXPECT_EQ(order.ahead(9), 99U);
  EXPECT_EQ(order.ahead(10), std::nullopt);
  EXPECT_EQ(order.ahead(1000), std::nullopt);
}

TEST(ReadingOrder, KnowsNothingBeforeTheFirst) {
  const ReadingOrder order(entries, shuffled, By::listing);

  EXPECT_EQ(order.ahead(1), std::nullopt);
  EXPECT_EQ(order.run(), 0U);
}

TEST(ReadingOrder, AsksForNoNumberWhileFilesAreOpenedAsListed) {
  int asked = 0;
  ReadingOrder order(
      entries,
      [&asked](std::size_t index) {
        ++asked;
        return shuffled(index);
      },
      By::listing);

  for (std::size_t index = 0; index < entries; ++index) EXPECT_TRUE(order.opened(index));
  EXPECT_EQ(asked, 0);
}

TEST(ReadingOrder, DoesNotSortALargeDirectory) {
  const auto fail = [](std::size_t) -> std::uint64_t {
    ADD_FAILURE() << "a number was asked for";
    return 0;
  };
  ReadingOrder order(200'001, fail, By::number);

  EXPECT_TRUE(order.opened(7));
  EXPECT_TRUE(order.opened(8));
  EXPECT_FALSE(order.opened(100'000));
  EXPECT_TRUE(order.opened(100'001));
  EXPECT_EQ(order.by(), By::listing);
  EXPECT_EQ(order.ahead(2), 100'003U);
}

TEST(ReadingOrder, SortsOneThatIsNotQuiteAsLarge) {
  ReadingOrder order(
      200'000, [](std::size_t index) { return 200'000 - index; }, By::listing);

  EXPECT_TRUE(order.opened(100));
  EXPECT_TRUE(order.opened(99));
  EXPECT_EQ(order.by(), By::number);
  EXPECT_EQ(order.ahead(1), 98U);
}

}  // namespace
}  // namespace blobmount
