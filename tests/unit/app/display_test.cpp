#include "app/display.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace blobmount {
namespace {

TEST(Display, OfBytesHasAUnitThatFits) {
  EXPECT_EQ(shown_bytes(0), "0 B");
  EXPECT_EQ(shown_bytes(1023), "1023 B");
  EXPECT_EQ(shown_bytes(1536), "1.5 KiB");
  EXPECT_EQ(shown_bytes(200.0 * (1 << 20)), "200 MiB");
}

TEST(Display, OfUsageHasALimitWhereThereIsOne) {
  EXPECT_EQ(shown_usage({{"bytes", 1536}, {"limit", 1 << 20}}), "1.5 KiB of 1.0 MiB");
  EXPECT_EQ(shown_usage({{"bytes", 1536}}), "1.5 KiB");
  EXPECT_EQ(shown_usage(nullptr), "0 B");
}

TEST(Display, OfTimesHasTwoUnitsAtMost) {
  EXPECT_EQ(shown_seconds(0), "0 s");
  EXPECT_EQ(shown_seconds(59), "59 s");
  EXPECT_EQ(shown_seconds(3599), "59 min");
  EXPECT_EQ(shown_seconds(3600), "1 h");
  EXPECT_EQ(shown_seconds(7500), "2 h 5 min");
  EXPECT_EQ(shown_seconds(86400 + 3600), "1 d 1 h");
  EXPECT_EQ(shown_seconds(-90), "-1 min");
}

TEST(Display, OfLatenciesAndCounts) {
  EXPECT_EQ(shown_latency(0.0000123), "12 us");
  EXPECT_EQ(shown_latency(0.0052), "5.2 ms");
  EXPECT_EQ(shown_latency(3.44), "3.4 s");
  EXPECT_EQ(shown_count(0), "0");
  EXPECT_EQ(shown_count(0.4), "0.4");
  EXPECT_EQ(shown_count(12), "12");
  EXPECT_EQ(shown_count(1500), "1.5k");
}

TEST(Display, OfNamesHasNothingThatATerminalObeys) {
  EXPECT_EQ(printable("a\x1b[2Jb\nc\x7f"), "a?[2Jb?c?");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "?31m")
      << "a control character of one byte, as UTF-8";
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(printable("\xc2/name\xc2"), "\xc2/name\xc2") << "half a character hides nothing";
}

TEST(Display, OfLongNamesKeepsTheirEnd) {
  EXPECT_EQ(shortened("short", 10), "short");
  EXPECT_EQ(shortened("a/long/path/file", 10), "...th/file");
  EXPECT_EQ(shortened("abc", 2), "ab");
  EXPECT_EQ(shortened("xxxx\xc3\xbc"
                      "abc",
                      7),
            "...abc")
      << "never half a character";
}

}  // namespace
}  // namespace blobmount
