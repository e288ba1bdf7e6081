#include "app/option_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Bounds<Duration> any_time{Duration{0}, 3650 * 24h};
constexpr std::uint64_t mib = 1ULL << 20U, gib = 1ULL << 30U;
constexpr Bounds<std::uint64_t> any_size{0, 1ULL << 62U};

Duration duration_of(const char* text) {
  const auto parsed = parse_duration(text, any_time);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : Duration{-1};
}

TEST(Durations, HaveAUnitOrAreSeconds) {
  EXPECT_EQ(duration_of("250ms"), 250ms);
  EXPECT_EQ(duration_of("30s"), 30s);
  EXPECT_EQ(duration_of("5m"), 5min);
  EXPECT_EQ(duration_of("2h"), 2h);
  EXPECT_EQ(duration_of("1d"), 24h);
  EXPECT_EQ(duration_of("90"), 90s);
  EXPECT_EQ(duration_of("0"), 0s);
  EXPECT_EQ(duration_of("2.5"), 2500ms);
  EXPECT_EQ(duration_of("3650d"), 3650 * 24h);
}

TEST(Durations, ThatAreNoneAreRefused) {
  for (const auto* text :
       {"", "s", "-1", "1.5h", "5 m", "5min", "5M", "1h30m", "soon", "nan", "inf", "1e3", "1.2.3", ".",
        "3651d", "999999999d", "99999999999999999999", "9999999999999999999999999999999999999999.5"}) {
    const auto parsed = parse_duration(text, any_time);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(parsed.error().message, HasSubstr("such as 30s, 5m, 2h or 1d, from 0 to 3650d"));
    EXPECT_THAT(parsed.error().message, HasSubstr("'" + std::string(text) + "'"));
  }
}

TEST(Durations, KeepToTheirBounds) {
  EXPECT_FALSE(parse_duration("99ms", {100ms, 1h}));
  EXPECT_TRUE(parse_duration("100ms", {100ms, 1h}));
  EXPECT_TRUE(parse_duration("60m", {100ms, 1h}));
  EXPECT_FALSE(parse_duration("61m", {100ms, 1h}));
}

TEST(Durations, AreShownInTheirLargestUnit) {
  EXPECT_EQ(duration_text(0s), "0");
  EXPECT_EQ(duration_text(1500ms), "1500ms");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(2h), "2h");
  EXPECT_EQ(duration_text(48h), "2d");
}

TEST(Sizes, AreBytesOrHaveAUnit) {
  const auto size_of = [](const char* text) { return *parse_size(text, any_size); };
  EXPECT_EQ(size_of("0"), 0U);
  EXPECT_EQ(size_of("1000"), 1000U);
  EXPECT_EQ(size_of("7B"), 7U);
  EXPECT_EQ(size_of("64KiB"), 65536U);
  EXPECT_EQ(size_of("64 mib"), 64 * mib);
  EXPECT_EQ(size_of("2GiB"), 2 * gib);
  EXPECT_EQ(size_of("1TIB"), 1024 * gib);
}

TEST(Sizes, ThatAreNoneAreRefused) {
  for (const auto* text :
       {"", "GiB", "-1", "1.5GiB", "1GB", "1XiB", "nan", "16777216TiB", "1GiB ", "9999999999999999"}) {
    const auto parsed = parse_size(text, any_size);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr("takes a size such as"));
  }
  const auto below = parse_size("63MiB", {64 * mib, gib});
  ASSERT_FALSE(below);
  EXPECT_THAT(below.error().message, HasSubstr("from 64MiB to 1GiB, not '63MiB'"));
}

TEST(Sizes, AreShownInTheirLargestUnit) {
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(1000), "1000");
  EXPECT_EQ(size_text(1536 * mib), "1536MiB");
  EXPECT_EQ(size_text(10 * gib), "10GiB");
}

TEST(Switches, AreOnOrOff) {
  for (const auto* on : {"on", "true", "yes", "1"}) EXPECT_TRUE(*parse_switch(on)) << on;
  for (const auto* off : {"off", "false", "no", "0"}) EXPECT_FALSE(*parse_switch(off)) << off;
  for (const auto* wrong : {"", "ON", "2", "maybe"}) EXPECT_FALSE(parse_switch(wrong)) << wrong;
}

TEST(Modes, AreOctal) {
  EXPECT_EQ(*parse_mode("0750"), 0750U);
  EXPECT_EQ(*parse_mode("7"), 07U);
  EXPECT_EQ(mode_text(0644), "0644");
  for (const auto* wrong : {"", "8", "01000", "rwx", "644x", "-1", " 7"})
    EXPECT_FALSE(parse_mode(wrong)) << wrong;
}

TEST(Numbers, KeepToTheirBounds) {
  EXPECT_EQ(*parse_number("7", {1, 9}), 7U);
  for (const auto* wrong : {"", "0", "10", "-1", "7x", "0x7", "1.5", "99999999999999999999"})
    EXPECT_FALSE(parse_number(wrong, {1, 9})) << wrong;
  EXPECT_EQ(*parse_decimal("0.0055"), 0.0055);
  EXPECT_EQ(decimal_text(0.0055), "0.0055");
  for (const auto* wrong : {"", "-1", "nan", "1e5", "1,5"}) EXPECT_FALSE(parse_decimal(wrong)) << wrong;
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
    EXPECT_THAT(parsed.error().message, HasSubstr("takes a duration such as"));
  }
}

TEST(ConsistencyMode, IsShownAsItIsWritten) {
  for (const auto* text : {"close-to-open", "cached:5m", "immutable"})
    EXPECT_EQ(consistency_text(*parse_consistency(text)), text);
}

std::vector<std::string> patterns_of(const std::string& list) {
  const auto parsed = parse_container_patterns(list);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : std::vector<std::string>{};
}

TEST(ContainerPatterns, ComeInLists) {
  EXPECT_THAT(patterns_of("logs"), ElementsAre("logs"));
  EXPECT_THAT(patterns_of("logs-*,data,$web"), ElementsAre("logs-*", "data", "$web"));
}

TEST(ContainerPatterns, AreThoseOfFnmatch) {
  for (const auto* pattern : {"*", "a?c", "[a-c]*", "[!x]", "[^x]y", "[]a]", "[!]a]", "[[:alpha:]]*",
                              "[[:digit:]x]", "\\$web", "[\\]]", "a[[]b"}) {
    EXPECT_THAT(patterns_of(pattern), ElementsAre(pattern));
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
    const auto parsed = parse_container_patterns(std::string("good,") + list);
    ASSERT_FALSE(parsed) << list;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(parsed.error().message, HasSubstr("takes names or patterns such as logs-*"));
    EXPECT_THAT(parsed.error().message, HasSubstr(reason)) << list;
  }
}

}  // namespace
}  // namespace blobmount
