#include "app/progress_line.hpp"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t mib = 1U << 20U;

Progress half() {
  return {.files_done = 12,
          .files_found = 24,
          .bytes_done = 100 * mib,
          .bytes_found = 200 * mib,
          .all_found = true};
}

TEST(ProgressLine, SaysHowMuchOfHowMuchHowFastAndHowLongYet) {
  EXPECT_EQ(progress_line(half(), 10.0 * mib, 90),
            "[############-------------]   50%  12/24 files  100.0 MiB/200.0 MiB  10.0 MiB/s  0:10 left");
}

TEST(ProgressLine, MarksTotalsThatStillGrow) {
  auto progress = half();
  progress.all_found = false;

  EXPECT_THAT(progress_line(progress, 10.0 * mib, 100),
              AllOf(HasSubstr("12/24+ files"), HasSubstr("200.0 MiB+"), HasSubstr("0:10+ left")));
}

TEST(ProgressLine, IsNeverWiderThanTheTerminal) {
  for (std::size_t width = 0; width < 200; ++width) {
    EXPECT_LE(progress_line(half(), 1e9, width).size(), width);
    EXPECT_LE(progress_line({}, std::nullopt, width).size(), width);
  }
}

TEST(ProgressLine, KeepsWhatMattersMostWhereTheTerminalIsNarrow) {
  EXPECT_EQ(progress_line(half(), 10.0 * mib, 20), " 50%  0:10 left");
  EXPECT_EQ(progress_line(half(), 10.0 * mib, 45), " 50%  100.0 MiB/200.0 MiB  0:10 left");
  EXPECT_EQ(progress_line(half(), 10.0 * mib, 4), " 50%");
}

TEST(ProgressLine, ReachesTheEndAtTheEnd) {
  auto progress = half();
  progress.bytes_done = progress.bytes_found - 1;
  EXPECT_THAT(progress_line(progress, 1.0, 100), HasSubstr(" 99%"));

  progress.bytes_done = progress.bytes_found;
  EXPECT_THAT(progress_line(progress, 1.0, 100), AllOf(HasSubstr("100%"), Not(HasSubstr("-"))));
}

TEST(ProgressLine, OfEmptyFilesGoesByTheirNumber) {
  EXPECT_THAT(progress_line({.files_done = 1, .files_found = 2}, std::nullopt, 80), HasSubstr("  0%"));
  EXPECT_THAT(progress_line({.files_done = 2, .files_found = 2}, std::nullopt, 80), HasSubstr("100%"));
}

TEST(ProgressLine, SaysThatNothingComes) {
  EXPECT_THAT(progress_line(half(), 0.0, 100), HasSubstr("stalled"));
}

TEST(RateMeter, ForgetsWhatWasLongAgo) {
  RateMeter meter;
  SteadyTime now{};
  EXPECT_FALSE(meter.rate());
  meter.note(now, 0);
  EXPECT_FALSE(meter.rate());

  for (int i = 0; i < 100; ++i) meter.note(now += 200ms, 1'000'000);
  EXPECT_DOUBLE_EQ(*meter.rate(), 0);
  for (int i = 1; i <= 100; ++i) meter.note(now += 200ms, 1'000'000 + static_cast<std::uint64_t>(i) * 200);

  EXPECT_NEAR(*meter.rate(), 1000, 1);
}

TEST(RateMeter, IsNeverNegative) {
  RateMeter meter;
  meter.note(SteadyTime{}, 1000);
  meter.note(SteadyTime{} + 1s, 10);

  EXPECT_DOUBLE_EQ(*meter.rate(), 0);
}

TEST(BytesText, HasTheUnitThatFits) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(1048575), "1.0 MiB");
  EXPECT_EQ(bytes_text(5e15), "4.4 PiB");
}

TEST(DurationText, HasHoursWhereThereAreAny) {
  EXPECT_EQ(duration_text(0), "0:00");
  EXPECT_EQ(duration_text(6.2), "0:07");
  EXPECT_EQ(duration_text(725), "12:05");
  EXPECT_EQ(duration_text(11045), "3:04:05");
  EXPECT_EQ(duration_text(1e300), "999:00:00");
}

}  // namespace
}  // namespace blobmount
