#include "app/option_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Duration duration_of(const char* text) {
  const auto parsed = parse_duration(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : Duration{-1};
}

TEST(Durations, HaveAUnitOrAreSeconds) {
  EXPECT_EQ(duration_of("30s"), 30s);
  EXPECT_EQ(duration_of("5m"), 5min);
  EXPECT_EQ(duration_of("2h"), 2h);
  EXPECT_EQ(duration_of("1d"), 24h);
  EXPECT_EQ(duration_of("90"), 90s);
  EXPECT_EQ(duration_of("3650d"), 3650 * 24h);
}

TEST(Durations, ThatAreNoneAreRefused) {
  for (const auto* text : {"", "0", "0s", "s", "-1", "1.5h", "5 m", "5min", "5M", "1h30m", "soon", "nan",
                           "1e3", "3651d", "999999999d", "99999999999999999999"}) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(parsed.error().message, HasSubstr("such as 30s, 5m, 2h or 1d"));
    EXPECT_THAT(parsed.error().message, HasSubstr("'" + std::string(text) + "'"));
  }
}

TEST(ConsistencyMode, IsOneOfThree) {
  using Kind = Consistency::Kind;
  const auto close_to_open = parse_consistency("close-to-open");
  const auto cached = parse_consistency("cached:5m");
  const auto immutable = parse_consistency("immutable");

  ASSERT_TRUE(close_to_open && cached && immutable);
  EXPECT_EQ(close_to_open->kind, Kind::close_to_open);
  EXPECT_EQ(cached->kind, Kind::cached);
  EXPECT_EQ(cached->age, 5min);
  EXPECT_EQ(immutable->kind, Kind::immutable);
}

TEST(ConsistencyMode, ThatIsNoneIsRefusedWithThoseThatThereAre) {
  for (const auto* text : {"", "strong", "Immutable", "cached", "immutable:1h"}) {
    const auto parsed = parse_consistency(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr("close-to-open, cached:DURATION (such as cached:5m) or"));
  }
  for (const auto* text : {"cached:", "cached:0", "cached:soon", "cached:-1s"}) {
    const auto parsed = parse_consistency(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr("--consistency cached:DURATION: a duration is such as"));
  }
}

std::vector<std::string> patterns_of(const std::vector<std::string>& lists) {
  const auto parsed = parse_container_patterns(lists);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : std::vector<std::string>{};
}

TEST(ContainerPatterns, ComeInListsThatCanBeRepeated) {
  EXPECT_THAT(patterns_of({}), ElementsAre());
  EXPECT_THAT(patterns_of({"logs"}), ElementsAre("logs"));
  EXPECT_THAT(patterns_of({"logs-*,data", "$web"}), ElementsAre("logs-*", "data", "$web"));
}

TEST(ContainerPatterns, AreThoseOfFnmatch) {
  for (const auto* pattern : {"*", "a?c", "[a-c]*", "[!x]", "[^x]y", "[]a]", "[!]a]", "[[:alpha:]]*",
                              "[[:digit:]x]", "\\$web", "[\\]]", "a[[]b"}) {
    EXPECT_THAT(patterns_of({pattern}), ElementsAre(pattern));
  }
}

TEST(ContainerPatterns, ThatCannotMatchAreRefused) {
  const std::vector<std::pair<const char*, const char*>> wrong{
      {"", "it is empty"},      {"a,", "it is empty"},   {",a", "it is empty"},
      {"a,,b", "it is empty"},  {"log[s", "not closed"}, {"[", "not closed"},
      {"[]", "not closed"},     {"[!]", "not closed"},   {"[[:alpha:]", "not closed"},
      {"[a\\]", "not closed"},  {"[a,b]", "not closed"}, {"logs\\", "ends with '\\'"},
      {"docs/2024", "has '/'"}, {"Logs", "has 'L'"},     {"a b", "has ' '"},
      {"{a}", "has '{'"},       {"a_b", "has '_'"}};
  for (const auto& [list, reason] : wrong) {
    const auto parsed = parse_container_patterns({"good", list});
    ASSERT_FALSE(parsed) << list;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(parsed.error().message, HasSubstr("--containers takes names or patterns such as logs-*"));
    EXPECT_THAT(parsed.error().message, HasSubstr(reason)) << list;
  }
}

}  // namespace
}  // namespace blobmount
