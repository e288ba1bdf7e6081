#include "file/read_ahead.hpp"

#include <algorithm>
#include <bit>
#include <ostream>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {

static void PrintTo(const ByteRange& range, std::ostream* out) {
  *out << range.offset << "+" << range.length;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Ranges = std::vector<ByteRange>;

constexpr std::uint64_t kib = 1ULL << 10U, mib = 1ULL << 20U, gib = 1ULL << 30U;
constexpr std::uint64_t far_away = 64 * mib;  // no stream reaches that far
constexpr bool late = false, in_time = true;

/// From `begin` up to `end`, as tables show it.
ByteRange from(std::uint64_t begin, std::uint64_t end) { return {begin, end - begin}; }

std::uint64_t sum_of(const Ranges& parts) {
  std::uint64_t sum = 0;
  for (const auto part : parts) sum += part.length;
  return sum;
}

class ReadAheadTest : public testing::Test {
 protected:
  Ranges read(std::uint64_t offset, std::uint64_t length, bool all_here = in_time) {
    return ahead_.on_read({offset, length}, all_here);
  }
  /// How far is fetched ahead of a reader, after each of its reads of 1 MiB from `begin`.
  std::vector<std::uint64_t> distances(std::uint64_t begin, int reads, bool all_here) {
    std::vector<std::uint64_t> found;
    std::uint64_t asked = 0;
    for (auto end = begin + mib; reads > 0; --reads, end += mib) {
      for (const auto part : read(end - mib, mib, all_here)) asked = part.end();
      found.push_back(asked > end ? (asked - end) / mib : 0);
    }
    return found;
  }

  ReadAhead ahead_{64 * gib, 512 * mib};
};

TEST_F(ReadAheadTest, BelievesTheBeginningOfAFileAtOnce) {
  EXPECT_THAT(read(0, 128 * kib), ElementsAre(from(128 * kib, mib)));
}

TEST_F(ReadAheadTest, OfARandomReadNothingFollows) { EXPECT_THAT(read(5 * mib, 128 * kib), IsEmpty()); }

TEST_F(ReadAheadTest, OfRandomReadsNothingFollows) {
  std::mt19937_64 chance(7);
  std::uniform_int_distribution<std::uint64_t> blocks(1, 64 * gib / far_away - 1);
  for (int i = 0; i < 1000; ++i)
    EXPECT_THAT(read(blocks(chance) * far_away + 4 * kib * blocks(chance), 4 * kib, late), IsEmpty());
}

TEST_F(ReadAheadTest, TheSecondNeighbouringReadBeginsAStream) {
  EXPECT_THAT(read(5 * mib, 4 * kib), IsEmpty());
  EXPECT_THAT(read(5 * mib + 4 * kib, 4 * kib), ElementsAre(from(5 * mib + 8 * kib, 6 * mib)));
}

TEST_F(ReadAheadTest, AReadNearbyIsNotYetANeighbour) {
  EXPECT_THAT(read(5 * mib, 4 * kib), IsEmpty());
  EXPECT_THAT(read(5 * mib + 12 * kib, 4 * kib), IsEmpty());
}

TEST_F(ReadAheadTest, WhatWasAskedForIsNotAskedForAgain) {
  EXPECT_THAT(read(0, 128 * kib), ElementsAre(from(128 * kib, mib)));
  for (auto offset = 128 * kib; offset < mib - 128 * kib; offset += 128 * kib)
    EXPECT_THAT(read(offset, 128 * kib), IsEmpty()) << offset;
  EXPECT_THAT(read(mib - 128 * kib, 128 * kib), ElementsAre(from(mib, 2 * mib)));
}

TEST_F(ReadAheadTest, TheSameReadAgainAsksForNothing) {
  read(0, 128 * kib);
  EXPECT_THAT(read(0, 128 * kib), IsEmpty());
  EXPECT_THAT(read(64 * kib, 4 * kib), IsEmpty());
}

TEST_F(ReadAheadTest, StaysNearAReaderThatNeverWaits) {
  EXPECT_THAT(distances(0, 6, in_time), ElementsAre(1, 1, 1, 1, 1, 1));
}

TEST_F(ReadAheadTest, DoublesWhileTheReaderWaitsWithinTwiceOfWhatItRead) {
  EXPECT_THAT(distances(0, 8, late), ElementsAre(1, 2, 4, 8, 10, 12, 14, 16));
}

TEST_F(ReadAheadTest, KeepsItsDistanceWhenTheReaderWaitsNoMore) {
  EXPECT_THAT(distances(0, 4, late), ElementsAre(1, 2, 4, 8));
  EXPECT_THAT(distances(4 * mib, 4, in_time), ElementsAre(8, 8, 8, 8));
}

TEST_F(ReadAheadTest, GoesNoFartherThanTheLongestWindow) {
  for (const std::uint64_t longest : {1ULL, 2ULL, 5ULL, 32ULL}) {
    ReadAhead ahead(64 * gib, longest * mib);
    std::uint64_t asked = 0;
    for (std::uint64_t offset = 0; offset < 100 * mib; offset += mib) {
      for (const auto part : ahead.on_read({offset, mib}, late)) asked = part.end();
      EXPECT_LE(asked - (offset + mib), longest * mib);
    }
    EXPECT_EQ(asked, (100 + longest) * mib);
  }
}

TEST_F(ReadAheadTest, HasAWindowOfAMebibyteWhereMemoryIsVeryScarce) {
  ReadAhead ahead(gib, 64 * kib);
  EXPECT_THAT(ahead.on_read({0, 128 * kib}, late), ElementsAre(from(128 * kib, mib)));
  EXPECT_THAT(ahead.on_read({128 * kib, 896 * kib}, late), ElementsAre(from(mib, 2 * mib)));
}

TEST_F(ReadAheadTest, PartsGrowWithTheWindowAndEndWhereBlocksOfTheirSizeDo) {
  std::uint64_t largest = 0;
  for (std::uint64_t offset = 0; offset < 2 * gib; offset += mib) {
    for (const auto part : read(offset, mib, late)) {
      EXPECT_LE(part.length, 16 * mib);
      EXPECT_EQ(part.end() % std::bit_ceil(part.length), 0U);
      EXPECT_GE(part.length, std::min(largest, mib));
      largest = std::max(largest, part.length);
    }
    if (offset == 15 * mib) {  // the window is 32 MiB
      EXPECT_EQ(largest, mib);
    }
    if (offset == 191 * mib) {  // 384 MiB
      EXPECT_EQ(largest, 8 * mib);
    }
  }
  EXPECT_EQ(largest, 16 * mib);
}

TEST_F(ReadAheadTest, AsksForNothingBeyondTheEnd) {
  constexpr auto size = mib + 512 * kib + 1;
  ReadAhead ahead(size, 512 * mib);

  EXPECT_THAT(ahead.on_read({0, 128 * kib}, late), ElementsAre(from(128 * kib, mib)));
  EXPECT_THAT(ahead.on_read({128 * kib, 896 * kib}, late), ElementsAre(from(mib, size)));
  EXPECT_THAT(ahead.on_read(from(mib, size), late), IsEmpty());
}

TEST_F(ReadAheadTest, AFileThatIsReadInOneReadHasNothingAhead) {
  ReadAhead ahead(100 * kib, 512 * mib);
  EXPECT_THAT(ahead.on_read({0, 100 * kib}, late), IsEmpty());
}

TEST_F(ReadAheadTest, AFooterIsNoStream) {
  constexpr auto size = 64 * gib;
  EXPECT_THAT(read(size - 4 * kib, 4 * kib), IsEmpty());
  EXPECT_THAT(read(size - 4 * kib, 4 * kib), IsEmpty());
  EXPECT_THAT(read(size - 8 * kib, 4 * kib), IsEmpty());  // one step back: the footer said how long it is
}

TEST_F(ReadAheadTest, ReadsOutOfOrderKeepTheStreamAndAskForNothingTwice) {
  read(0, mib, late);
  std::uint64_t asked = 2 * mib;
  std::mt19937 chance(7);
  for (std::uint64_t group = 1; group < 65; group += 8) {
    std::vector<std::uint64_t> blocks;
    for (std::uint64_t i = 0; i < 8; ++i) blocks.push_back(group + i);
    std::shuffle(blocks.begin(), blocks.end(), chance);
    for (const auto block : blocks) {
      for (const auto part : read(block * mib, mib, late)) {
        EXPECT_GE(part.offset, asked);
        asked = part.end();
      }
    }
    EXPECT_GE(asked, (group + 9) * mib);
  }
}

TEST_F(ReadAheadTest, AStreamDownwardsBeginsWithItsThirdRead) {
  EXPECT_THAT(read(32 * mib, 128 * kib), IsEmpty());
  EXPECT_THAT(read(32 * mib - 128 * kib, 128 * kib), IsEmpty());
  EXPECT_THAT(read(32 * mib - 256 * kib, 128 * kib), ElementsAre(from(31 * mib, 32 * mib - 256 * kib)));
  EXPECT_THAT(read(32 * mib - 384 * kib, 128 * kib), IsEmpty());
}

TEST_F(ReadAheadTest, AStreamDownwardsAsksForEachByteDownToTheFirst) {
  read(32 * mib, 128 * kib, late);
  read(32 * mib - 128 * kib, 128 * kib, late);
  auto asked = 32 * mib - 256 * kib;
  for (auto offset = asked; offset > 0; offset -= 128 * kib) {
    for (const auto part : read(offset, 128 * kib, late)) {
      EXPECT_EQ(part.end(), asked);
      asked = part.offset;
    }
    EXPECT_LE(asked, offset);
  }
  EXPECT_EQ(asked, 0U);
  EXPECT_THAT(read(0, 128 * kib, late), IsEmpty());
}

TEST_F(ReadAheadTest, FetchesTheNextOfReadsAtAConstantStride) {
  EXPECT_THAT(read(10 * mib, 4 * kib), IsEmpty());
  EXPECT_THAT(read(11 * mib, 4 * kib), IsEmpty());
  EXPECT_THAT(read(12 * mib, 4 * kib), IsEmpty());
  EXPECT_THAT(read(13 * mib, 4 * kib),
              ElementsAre(ByteRange{14 * mib, 4 * kib}, ByteRange{15 * mib, 4 * kib}));
  EXPECT_THAT(read(14 * mib, 4 * kib),
              ElementsAre(ByteRange{16 * mib, 4 * kib}, ByteRange{17 * mib, 4 * kib}));
}

TEST_F(ReadAheadTest, FetchesEachOfReadsAtAStrideOnceAndSixteenAheadAtMost) {
  for (const std::int64_t stride : {100LL * 1024, 50LL << 20U, -(100LL * 1024), -(50LL << 20U)}) {
    ReadAhead ahead(64 * gib, 512 * mib);
    const auto place = [stride](std::int64_t number) {
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(32 * gib) + stride * number);
    };
    std::int64_t asked = 4;
    for (std::int64_t number = 0; number < 100; ++number) {
      for (const auto part : ahead.on_read({place(number), 4 * kib}, late))
        EXPECT_EQ(part, (ByteRange{place(asked++), 4 * kib}));
      EXPECT_LE(asked, std::max<std::int64_t>(4, number + 17));
    }
    EXPECT_EQ(asked, 99 + 17);
  }
}

TEST_F(ReadAheadTest, AStrideStaysInTheFile) {
  ReadAhead up(100 * mib + kib, 512 * mib);
  for (std::uint64_t at = 60; at < 90; at += 10)
    EXPECT_THAT(up.on_read({at * mib, 4 * kib}, late), IsEmpty());
  EXPECT_THAT(up.on_read({90 * mib, 4 * kib}, late), ElementsAre(ByteRange{100 * mib, kib}));

  ReadAhead down(100 * mib, 512 * mib);
  for (const std::uint64_t at : {45ULL, 35ULL, 25ULL})
    EXPECT_THAT(down.on_read({at * mib, 4 * kib}, late), IsEmpty());
  EXPECT_THAT(down.on_read({15 * mib, 4 * kib}, late), ElementsAre(ByteRange{5 * mib, 4 * kib}));
}

TEST_F(ReadAheadTest, AStrideThatChangesIsNotBelieved) {
  for (const std::uint64_t at : {10U, 11U, 12U}) read(at * mib, 4 * kib);
  EXPECT_THAT(read(14 * mib, 4 * kib), IsEmpty());
  EXPECT_THAT(read(15 * mib, 4 * kib), IsEmpty());
  EXPECT_THAT(read(16 * mib, 8 * kib), IsEmpty());
}

TEST_F(ReadAheadTest, AStrideTooLongForAnythingIsNotFollowed) {
  for (std::uint64_t i = 1; i < 10; ++i) EXPECT_THAT(read(i * 65 * mib, 4 * kib), IsEmpty());
}

TEST_F(ReadAheadTest, EightStreamsAtOnceHaveAWindowEach) {
  for (std::uint64_t round = 0; round < 6; ++round) {
    constexpr std::array<std::uint64_t, 6> asked_at_the_end{0, 3, 5, 8, 13, 18};
    for (std::uint64_t stream = 1; stream <= 8; ++stream) {
      const auto begin = stream * gib;
      const auto parts = read(begin + round * mib, mib, late);
      if (round == 0) {
        EXPECT_THAT(parts, IsEmpty());
      } else {
        ASSERT_FALSE(parts.empty()) << round;
        EXPECT_EQ((parts.back().end() - begin) / mib, asked_at_the_end[round]) << stream;
      }
    }
  }
}

TEST_F(ReadAheadTest, SevenOtherReadsInBetweenDoNotEndAStream) {
  std::uint64_t elsewhere = 1;
  std::uint64_t asked = 0;
  for (std::uint64_t offset = 0; offset < 16 * mib; offset += mib) {
    for (const auto part : read(offset, mib)) asked = part.end();
    EXPECT_EQ(asked, offset + 2 * mib);
    for (int i = 0; i < 7; ++i, ++elsewhere)
      EXPECT_THAT(read(elsewhere * elsewhere * far_away, 4 * kib), IsEmpty());
  }
}

TEST_F(ReadAheadTest, AStreamThatWasLeftForManyOthersHasToShowItselfAgain) {
  EXPECT_THAT(distances(10 * mib, 3, late), ElementsAre(0, 1, 2));
  for (std::uint64_t i = 1; i <= 8; ++i) read(i * i * far_away, 4 * kib);

  EXPECT_THAT(read(13 * mib, mib), IsEmpty());
  EXPECT_THAT(read(14 * mib, mib), ElementsAre(from(15 * mib, 16 * mib)));
}

TEST_F(ReadAheadTest, WhoTurnsRandomAfterAStreamGetsNothing) {
  distances(0, 8, late);
  for (std::uint64_t i = 1; i <= 20; ++i) EXPECT_THAT(read(i * i * far_away, 128 * kib, late), IsEmpty());
}

TEST_F(ReadAheadTest, WhatWasRefusedIsAskedForAgainLaterWithHalfTheWindow) {
  EXPECT_THAT(distances(0, 3, late), ElementsAre(1, 2, 4));
  EXPECT_THAT(read(3 * mib, mib, late),
              ElementsAre(from(7 * mib, 8 * mib), from(8 * mib, 9 * mib), from(9 * mib, 10 * mib),
                          from(10 * mib, 11 * mib), from(11 * mib, 12 * mib)));

  ahead_.on_refused(from(9 * mib, 10 * mib));

  EXPECT_THAT(read(4 * mib, mib), IsEmpty());  // the window is 4 MiB
  EXPECT_THAT(read(5 * mib, mib), ElementsAre(from(9 * mib, 10 * mib)));
}

TEST_F(ReadAheadTest, ARefusalMakesTheWindowNoShorterThanAMebibyte) {
  read(0, mib);
  for (std::uint64_t block = 1; block < 10; ++block) {
    ahead_.on_refused(from(block * mib, (block + 1) * mib));
    EXPECT_THAT(read((block - 1) * mib, mib), ElementsAre(from(block * mib, (block + 1) * mib)));
    EXPECT_THAT(read(block * mib, mib), ElementsAre(from((block + 1) * mib, (block + 2) * mib)));
  }
}

TEST_F(ReadAheadTest, ARefusalDownwardsIsAskedForAgainToo) {
  read(32 * mib, 128 * kib);
  read(32 * mib - 128 * kib, 128 * kib);
  const auto refused = from(31 * mib, 32 * mib - 256 * kib);
  ASSERT_THAT(read(32 * mib - 256 * kib, 128 * kib), ElementsAre(refused));

  ahead_.on_refused(refused);

  EXPECT_THAT(read(32 * mib - 384 * kib, 128 * kib), ElementsAre(from(31 * mib, 32 * mib - 384 * kib)));
}

TEST_F(ReadAheadTest, AfterARefusalAtAStrideAStreamIsFetchedFromWhereItIs) {
  for (const std::uint64_t at : {10U, 11U, 12U}) read(at * mib, 4 * kib);
  ASSERT_THAT(read(13 * mib, 4 * kib),
              ElementsAre(ByteRange{14 * mib, 4 * kib}, ByteRange{15 * mib, 4 * kib}));

  ahead_.on_refused({14 * mib, 4 * kib});

  EXPECT_THAT(read(13 * mib + 4 * kib, 4 * kib), ElementsAre(from(13 * mib + 8 * kib, 14 * mib)));
}

TEST_F(ReadAheadTest, WhoReadsALongFileAgainFromItsStartBeginsAStream) {
  for (std::uint64_t offset = 0; offset < far_away; offset += mib) read(offset, mib);

  EXPECT_THAT(read(0, 128 * kib), ElementsAre(from(128 * kib, mib)));
}

TEST_F(ReadAheadTest, WhoReadsAShortFileAgainFromItsStartBeginsAStream) {
  ReadAhead ahead(10 * mib, 512 * mib);
  for (std::uint64_t offset = 0; offset < 10 * mib; offset += mib) ahead.on_read({offset, mib}, in_time);

  EXPECT_THAT(ahead.on_read({0, 128 * kib}, late), ElementsAre(from(128 * kib, mib)));
}

/// The model: a front that reads push on, and what has been asked for beyond it, without a gap.
TEST(ReadAheadAtRandom, OfOneStreamFetchesEachByteOnceInOrderWithinTheWindow) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 chance(seed);
  const auto up_to = [&chance](std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(1, most)(chance);
  };
  for (int run = 0; run < 50; ++run) {
    const auto size = up_to(400 * mib), longest = mib * up_to(64);
    ReadAhead ahead(size, longest);
    std::uint64_t front = 0, asked = 0;
    while (front < size) {
      // now and then a read that was overtaken, or that overtakes
      const bool settled = front > 2 * mib;
      const auto back = settled && up_to(4) == 1 ? up_to(256 * kib) : 0;
      const auto skip = settled && up_to(8) == 1 ? up_to(mib) : 0;
      const auto offset = front - back + skip;
      if (offset >= size) break;
      const ByteRange read{offset, std::min(up_to(mib), size - offset)};
      front = std::max(front, read.end());
      asked = std::max(asked, front);
      for (const auto part : ahead.on_read(read, up_to(2) == 1)) {
        ASSERT_GT(part.length, 0U);
        ASSERT_EQ(part.offset, asked);
        asked = part.end();
        ASSERT_LE(asked, std::min(size, front + longest));
      }
    }
  }
}

TEST(ReadAheadAtRandom, AsksForNothingOutsideOfTheFileNorForMoreThanAWindow) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 chance(seed);
  const auto up_to = [&chance](std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(1, most)(chance);
  };
  for (int run = 0; run < 50; ++run) {
    const auto size = up_to(100 * mib), longest = mib * up_to(64);
    ReadAhead ahead(size, longest);
    ByteRange last{0, 1};
    for (int i = 0; i < 500; ++i) {
      const std::array<std::uint64_t, 4> places{last.end(), last.offset - std::min(last.offset, last.length),
                                                last.offset + 3 * mib, up_to(size)};
      const auto offset = std::min(places[up_to(4) - 1], size - 1);
      last = {offset, std::min(up_to(mib), size - offset)};
      const auto parts = ahead.on_read(last, up_to(2) == 1);
      for (const auto part : parts) {
        ASSERT_GT(part.length, 0U);
        ASSERT_LT(part.offset, size);
        ASSERT_LE(part.end(), size);
      }
      ASSERT_LE(sum_of(parts), std::max(longest, 16 * mib) + mib);
      if (!parts.empty() && up_to(8) == 1) ahead.on_refused(parts[up_to(parts.size()) - 1]);
    }
  }
}

}  // namespace
}  // namespace blobmount
