#include "base/log_line.hpp"

#include <cstdlib>
#include <ctime>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/journal_log.hpp"

namespace blobmount {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;

/// The process's time zone, as long as this lives.
class TimeZone {
 public:
  explicit TimeZone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~TimeZone() {
    ::unsetenv("TZ");
    ::tzset();
  }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;
};

const WallTime moment = std::chrono::system_clock::from_time_t(1'796'004'000) + std::chrono::milliseconds{45};

std::string json_of(const std::string& value) {
  return json_line(moment, {LogLevel::info, "seen", {{"name", value}}});
}

TEST(LogLine, TimeIsIsoWithTheDistanceFromUtc) {
  {
    const TimeZone zone("UTC0");
    EXPECT_EQ(iso_time(moment), "2026-11-30T02:00:00.045+00:00");
  }
  {
    const TimeZone zone("XST-5:45");
    EXPECT_EQ(iso_time(moment), "2026-11-30T07:45:00.045+05:45");
  }
  const TimeZone zone("XST3:30");
  EXPECT_EQ(iso_time(moment), "2026-11-29T22:30:00.045-03:30");
}

TEST(LogLine, JsonHasEachFieldUnderItsName) {
  const TimeZone zone("UTC0");

  const auto line = json_line(
      moment, {LogLevel::warning, "operation failed", {{"path", "/a \"b\"\\"}, {"count", 7}, {"empty", ""}}});

  EXPECT_EQ(line, R"({"time":"2026-11-30T02:00:00.045+00:00","level":"warning","event":"operation failed",)"
                  R"("path":"/a \"b\"\\","count":7})");
}

TEST(LogLine, JsonIsValidWhateverANameHolds) {
  for (const std::string& bytes :
       {std::string("\xff"), std::string("a\xc3"), std::string("\xc0\xaf"), std::string("\xed\xa0\x80"),
        std::string("\xe0\x80\xaf"), std::string("\xf0\x80\x80\x80"), std::string("\xf4\x90\x80\x80"),
        std::string("\xf5\x80\x80\x80"), std::string("\x80"), std::string("\xe2\x82"),
        std::string("\0\n\x7f", 3)}) {
    const auto line = json_of(bytes);

    EXPECT_TRUE(json::accept(line)) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  }
}

TEST(LogLine, BytesThatAreNoTextAreShownAsTheyAreNumbered) {
  EXPECT_EQ(json::parse(json_of("a\xff\xc3z")).at("name"), R"(a\xff\xc3z)");
}

TEST(LogLine, JsonHasNothingThatATerminalObeys) {
  EXPECT_THAT(json_of("\x1b\u009b\u00a0"), testing::HasSubstr("\"\\u001b\\u009b\u00a0\""));
}

TEST(LogLine, JsonKeepsEveryCharacterThatThereIs) {
  for (const std::string text :
       {"Grüße/日本 😀", "\u0080\u07ff\u0800\uffff\U00010000\U0010ffff", "a\tb\r\n\x01\x7f"})
    EXPECT_EQ(json::parse(json_of(text)).at("name"), text);
}

TEST(LogLine, AnyBytesGiveOneValidLine) {
  std::uint32_t state = 1;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes;
    for (int i = 0; i < 6; ++i) bytes += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    const auto line = json_of(bytes);
    ASSERT_TRUE(json::accept(line)) << line;
    ASSERT_EQ(line.find('\n'), std::string::npos) << line;
  }
}

TEST(LogLine, TextHasNothingThatATerminalObeys) {
  EXPECT_EQ(text_of({LogLevel::info, "seen", {{"name", "a\x1b[2J\u009b31m\u00a0\x7f"}}}),
            "seen name=a\\x1b[2J\\xc2\\x9b31m\u00a0\\x7f");
}

TEST(LogLine, TextLeavesOutWhatIsEmpty) {
  EXPECT_EQ(text_of({LogLevel::info, "request", {{"range", ""}, {"us", 5}}}), "request us=5");
}

TEST(JournalEntry, HasEachFieldUnderItsOwnName) {
  const auto entry = journal_entry({LogLevel::warning,
                                    "operation failed",
                                    {{"path", "/a\nb"}, {"client_request_id", "3f2a"}, {"status", ""}}});

  EXPECT_THAT(entry,
              ElementsAre("MESSAGE=operation failed path=/a\\x0ab client_request_id=3f2a", "PRIORITY=4",
                          "SYSLOG_IDENTIFIER=blobmount", "BLOBMOUNT_EVENT=operation failed",
                          "BLOBMOUNT_PATH=/a\nb", "BLOBMOUNT_CLIENT_REQUEST_ID=3f2a"));
}

TEST(JournalEntry, EachLevelHasItsPriority) {
  EXPECT_THAT(journal_entry({LogLevel::debug, "x", {}}), Contains("PRIORITY=7"));
  EXPECT_THAT(journal_entry({LogLevel::info, "x", {}}), Contains("PRIORITY=6"));
  EXPECT_THAT(journal_entry({LogLevel::error, "x", {}}), Contains("PRIORITY=3"));
}

}  // namespace
}  // namespace blobmount
