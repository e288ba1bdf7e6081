/// Limits, logs and metrics as flags of the program: that each reaches what it is for.

#include <chrono>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "fakes/http_server.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/http_client.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

constexpr std::uint64_t mib = 1ULL << 20U;

class Limits : public testing::Test {
 protected:
  Limits() {
    for (const auto* name : {"one", "two", "three", "four"})
      account.service.blobs().put_synthetic("test", name, 8 * mib, 1);
  }
  /// The kernel asks for all that is read.
  [[nodiscard]] MountOptions options() const { return account.mount("test").with("--passthrough", "off"); }
  static Finished blobmount(std::vector<std::string> arguments) {
    const auto finished = run(blobmount_command(std::move(arguments)), 60s);
    EXPECT_TRUE(finished) << "it hangs";
    return finished.value_or(Finished{});
  }
  static json status_of_mount(const Mounted& mounted) {
    return json::parse(blobmount({"status", "--json", mounted.path()}).output);
  }
  static std::chrono::duration<double> time_to_read(const std::filesystem::path& file) {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(content_of(file).size(), 8 * mib);
    return std::chrono::steady_clock::now() - began;
  }

  ServedAccount account;
};

TEST_F(Limits, BytesInASecondHoldUntilTheyAreChanged) {
  const Mounted mounted(options().with("--rate-limit", "1MiB"));

  EXPECT_GT(time_to_read(mounted / "one"), 6s) << "8 MiB of 1 MiB in a second";

  const auto changed = blobmount({"reload", "--rate-limit", "400MiB", "--json", mounted.path()});
  EXPECT_EQ(json::parse(changed.output).at("changed"), json({"rate-limit"})) << changed.error_output;
  const auto in_time = eventually(60s, [&] {
    const auto time = time_to_read(mounted / "two");
    EXPECT_EQ(blobmount({"cache", "clear", mounted.path()}).status, 0) << "each time it has to be downloaded";
    return time < 5s;
  });
  EXPECT_TRUE(in_time);
}

TEST_F(Limits, RequestsInASecondHoldForAllTogether) {
  const Mounted mounted(options().with("--request-limit", "10").with("--attr-ttl", "0"));
  const auto began = std::chrono::steady_clock::now();

  for (int i = 0; i < 25; ++i) EXPECT_EQ(stat_error(mounted / ("absent" + std::to_string(i))), ENOENT);

  EXPECT_GT(std::chrono::steady_clock::now() - began, 2s) << "25 of 10 in a second";
}

TEST_F(Limits, ConnectionsAreAsManyAsMayBe) {
  account.service.set_network({.first_byte = {.mean = 20ms}});
  const Mounted mounted(options().with("--max-connections", "2"));

  std::vector<std::thread> readers;
  for (const auto* name : {"one", "two", "three", "four"})
    readers.emplace_back([&mounted, name] { EXPECT_EQ(content_of(mounted / name).size(), 8 * mib); });
  for (auto& reader : readers) reader.join();

  EXPECT_LE(account.service.stats().counts().most_gets_at_once, 2U);
}

TEST_F(Limits, TheUserAgentSaysWhoItIs) {
  std::mutex mutex;
  std::vector<std::string> seen;
  const HttpServer service([&](const ServedRequest& request, Reply& reply) {
    const std::lock_guard lock(mutex);
    seen.emplace_back(request.headers.get("User-Agent").value_or(""));
    reply.send(403, {}, "");
  });
  const TemporaryDirectory directory;

  const auto refused = blobmount({service.url("/account/test").to_string(), directory.path(), "--auth",
                                  "anonymous", "--user-agent", "Team/7", "--foreground"});

  EXPECT_EQ(refused.status, 1) << refused.error_output;
  const std::lock_guard lock(mutex);
  ASSERT_FALSE(seen.empty());
  for (const auto& agent : seen) EXPECT_EQ(agent, "blobmount/" BLOBMOUNT_VERSION " Team/7");
}

TEST_F(Limits, MetricsAreServedWhereTheyAreAskedFor) {
  const auto port = 20'000 + ::getpid() % 10'000;  // below those that the kernel gives to others
  const Mounted mounted(options().with("--metrics-port", std::to_string(port)));
  EXPECT_EQ(content_of(mounted / "one").size(), 8 * mib);

  const auto scraped = HttpClient().send({.url = "http://127.0.0.1:" + std::to_string(port) + "/metrics"});

  EXPECT_EQ(scraped.status, 200);
  EXPECT_THAT(scraped.body, HasSubstr("\nblobmount_fuse_read_bytes_total "));
  EXPECT_EQ(status_of_mount(mounted).at("metrics_port"), port);
}

TEST_F(Limits, EventsGoWhereTheyAreWantedAsTheyAreWanted) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "log";
  {
    const Mounted mounted(options()
                              .with("--log-to", "file")
                              .with("--log-file", file)
                              .with("--log-format", "json")
                              .with("--log-level", "debug"));
    EXPECT_EQ(content_of(mounted / "one").size(), 8 * mib);
    EXPECT_EQ(mounted.log(), "");
  }

  std::ifstream lines(file);
  int requests = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto event = json::parse(line, nullptr, false);
    ASSERT_TRUE(event.is_object()) << line;
    if (event.value("level", "") == "debug") ++requests;
  }
  EXPECT_GT(requests, 0) << "at debug each request is logged";
}

TEST_F(Limits, CostsAreThoseOfThePricesThatWereSet) {
  const Mounted mounted(
      options().with("--price-currency", "EUR").with("--price-read", "10000").with("--price-list", "0"));
  EXPECT_EQ(content_of(mounted / "one").size(), 8 * mib);

  const auto status = status_of_mount(mounted);

  EXPECT_EQ(status.at("currency"), "EUR");
  EXPECT_GE(status.at("cost_estimate"), 1.0) << "each read costs one";
}

}  // namespace
}  // namespace blobmount::tests
