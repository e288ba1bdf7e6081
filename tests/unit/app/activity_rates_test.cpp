#include "app/activity_rates.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/top_screen.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

const json before{{"time_s", 10.0},
                  {"read_bytes", 1000},
                  {"memory_hits", 10},
                  {"memory_waits", 0},
                  {"cost_estimate", 1.0},
                  {"cpu_s", 1.0},
                  {"kernel", {{"read", {{"count", 5}, {"failed", 0}, {"seconds", 1.0}}}}},
                  {"service", json::object()}};
const json after{{"time_s", 12.0},
                 {"read_bytes", 5000},
                 {"memory_hits", 13},
                 {"memory_waits", 1},
                 {"cost_estimate", 1.5},
                 {"cpu_s", 2.0},
                 {"kernel", {{"read", {{"count", 9}, {"failed", 2}, {"seconds", 1.4}}}}},
                 {"service", {{"get_blob", {{"count", 2}, {"failed", 0}, {"bytes", 600}, {"seconds", 0.2}}}}},
                 {"files", {{{"name", "test/big\x1b"}, {"bytes_per_second", 2048.0}}}}};

TEST(ActivityRates, AreByTheSecond) {
  const auto rates = rates_between(before, after);

  EXPECT_DOUBLE_EQ(rates.seconds, 2);
  EXPECT_DOUBLE_EQ(rates.read_bytes_per_second, 2000);
  EXPECT_DOUBLE_EQ(rates.received_bytes_per_second, 300);
  EXPECT_DOUBLE_EQ(rates.memory_hits.value(), 0.75);
  EXPECT_FALSE(rates.disk_hits) << "there were none";
  EXPECT_DOUBLE_EQ(rates.cost_per_hour, 900);
  EXPECT_DOUBLE_EQ(rates.cpu, 0.5);
  ASSERT_EQ(rates.kernel.size(), 1U);
  EXPECT_DOUBLE_EQ(rates.kernel[0].per_second, 2);
  EXPECT_DOUBLE_EQ(rates.kernel[0].failed_per_second, 1);
  EXPECT_NEAR(rates.kernel[0].seconds_each, 0.1, 1e-9);
  ASSERT_EQ(rates.service.size(), 1U) << "an operation may be new";
  EXPECT_DOUBLE_EQ(rates.service[0].bytes_per_second, 300);
}

TEST(ActivityRates, OfAnIdleMountAreZero) {
  const auto rates = rates_between(after, after);

  EXPECT_DOUBLE_EQ(rates.read_bytes_per_second, 0);
  EXPECT_TRUE(rates.kernel.empty());
  EXPECT_FALSE(rates.memory_hits);
}

TEST(TopScreen, ShowsWhatHappensAndNoControlCharacters) {
  const json status{
      {"source", "account/test"}, {"mount_point", "/mnt"}, {"health", "ok\x1b"}, {"currency", "EUR\x1b"}};
  std::string all;
  for (const auto& line : top_screen(status, rates_between(before, after), 80)) all += line + "\n";

  for (const auto* words : {"account/test on /mnt, ok", "read 2.0 KiB/s", "900.0000 EUR? per hour",
                            "memory 75%", "disk -", "get_blob", "100 ms", "2.0 KiB/s     test/big?"})
    EXPECT_NE(all.find(words), std::string::npos) << words << " in\n" << all;
  EXPECT_EQ(all.find('\x1b'), std::string::npos);
}

TEST(TopScreen, OfADaemonThatSaysNonsenseIsAScreen) {
  const json nonsense[] = {
      json(),
      json("text"),
      json::array({1, 2}),
      {{"source", 7},
       {"memory", "all"},
       {"disk_cache", json::object()},
       {"degraded", {1, "\x1b[2J", nullptr}}},
      {{"kernel", 7}, {"service", {{"get_blob", {{"count", "many"}}}, {"other", 3}}}, {"files", {7, "name"}}},
      {{"time_s", 1e300}, {"uptime_s", -1e300}, {"open_files", -1}, {"read_bytes", -1e300}}};
  for (const auto& status : nonsense) {
    for (const auto& one : nonsense) {
      for (const auto& other : nonsense) {
        for (const auto& line : top_screen(status, rates_between(one, other), 80))
          EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
      }
    }
  }
}

}  // namespace
}  // namespace blobmount
