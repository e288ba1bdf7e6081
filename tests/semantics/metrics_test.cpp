/// The metrics of a real mount: Prometheus takes them, and what the documents, the dashboard and the alerts
/// speak of is there.

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/mount_client.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

std::string text_of(const std::string& file) {
  std::ifstream in(std::string(BLOBMOUNT_SOURCE_DIR) + "/" + file);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::set<std::string> matches(const std::string& text, const char* pattern) {
  std::set<std::string> found;
  const std::regex expression(pattern);
  for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match)
    found.insert((*match)[1]);
  return found;
}

/// The metrics, not the series: a histogram is one.
std::set<std::string> names_in(const std::string& text) {
  std::set<std::string> names;
  for (const auto& name : matches(text, "\\b(blobmount_[a-z_]+)"))
    names.insert(std::regex_replace(name, std::regex("_seconds_(bucket|count|sum)$"), "_seconds"));
  return names;
}

class MetricsOf : public testing::Test {
 protected:
  MetricsOf() {
    account.service.blobs().put("test", "text.txt", "hello\n");
    account.service.blobs().put_synthetic("test", "large", 8U << 20U, 1);
    mounted.emplace(
        account.mount("test").with("--cache-dir", directory.path() / "cache").with("--passthrough", "off"));
    EXPECT_EQ(content_of(*mounted / "text.txt"), "hello\n");
    EXPECT_EQ(content_of(*mounted / "large").size(), 8U << 20U);
    EXPECT_FALSE(std::filesystem::exists(*mounted / "absent"));
  }
  [[nodiscard]] std::string metrics() const {
    const auto table = read_mount_table();
    const auto* const mount = find_mount(table, std::filesystem::canonical(mounted->path()).native());
    EXPECT_NE(mount, nullptr);
    const auto answer = ask_mount(*mount, {{"command", "metrics"}});
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return answer ? answer->value("text", "") : "";
  }
  static double value(const std::string& text, const std::string& series) {
    const auto at = text.find("\n" + series + " ");
    EXPECT_NE(at, std::string::npos) << series << " in\n" << text;
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
  /// Once what was read has been counted, and closed: programs are not kept waiting for either.
  [[nodiscard]] std::string settled_metrics() const {
    std::string text;
    EXPECT_TRUE(eventually(20s, [&] {
      text = metrics();
      return value(text, "blobmount_open_files") == 0 &&
             value(text, "blobmount_service_requests_in_flight{operation=\"get_blob\"}") == 0 &&
             value(text, "blobmount_fuse_request_seconds_count{operation=\"read\"}") >= 2 &&
             value(text, "blobmount_service_received_bytes_total{operation=\"get_blob\"}") >= (8U << 20U) + 6;
    })) << text;
    return text;
  }

  const TemporaryDirectory directory;
  ServedAccount account;
  std::optional<Mounted> mounted;
};

TEST_F(MetricsOf, AMountCountWhatItDid) {
  const auto text = settled_metrics();

  EXPECT_GE(value(text, "blobmount_service_requests_total{operation=\"get_blob\",status=\"206\"}"), 2);
  EXPECT_GE(value(text, "blobmount_service_requests_total{operation=\"token\",status=\"200\"}"), 1);
  EXPECT_GE(value(text, "blobmount_service_received_bytes_total{operation=\"get_blob\"}"), (8U << 20U) + 6);
  EXPECT_EQ(value(text, "blobmount_service_requests_in_flight{operation=\"get_blob\"}"), 0);
  EXPECT_GE(value(text, "blobmount_service_first_byte_seconds_count{operation=\"get_blob\"}"), 2);
  EXPECT_GE(value(text, "blobmount_fuse_request_seconds_count{operation=\"read\"}"), 2);
  EXPECT_GE(value(text, "blobmount_fuse_read_bytes_total"), (8U << 20U) + 6);
  EXPECT_EQ(value(text, "blobmount_token_valid"), 1);
  EXPECT_GT(value(text, "blobmount_request_cost_estimate_total{currency=\"USD\"}"), 0);
  EXPECT_GT(value(text, "blobmount_read_ahead_bytes_total{result=\"used\"}"), 0);
  EXPECT_EQ(value(text, "blobmount_read_ahead_bytes_total{result=\"wasted\"}"), 0);
  EXPECT_GT(value(text, "blobmount_memory_bytes{purpose=\"pages\"}"), 8U << 20U);
  EXPECT_GT(value(text, "blobmount_memory_bytes{purpose=\"inodes\"}"), 0);
  EXPECT_EQ(value(text, "blobmount_open_files"), 0);
  EXPECT_GT(value(text, "blobmount_start_time_seconds"), 1.7e9);
}

TEST_F(MetricsOf, AMountCountWhatWentWrong) {
  account.service.faults().add(
      {.fault = {.status = 503, .code = "ServerBusy"}, .request = RequestKind::get_blob, .name = "busy"});
  account.service.faults().add_always({.status = 403, .code = "AuthorizationFailure"}, RequestKind::get_blob,
                                      "forbidden");
  account.service.blobs().put("test", "busy", "hello\n");
  account.service.blobs().put("test", "forbidden", "hello\n");

  EXPECT_EQ(content_of(*mounted / "busy"), "hello\n");
  EXPECT_NE(read_file(*mounted / "forbidden").error, 0);

  const auto text = metrics();
  EXPECT_GE(value(text, "blobmount_fuse_errors_total{operation=\"read\",errno=\"EACCES\"}"), 1);
  EXPECT_EQ(value(text, "blobmount_service_retries_total{operation=\"get_blob\"}"), 1);
  EXPECT_EQ(value(text, "blobmount_service_requests_total{operation=\"get_blob\",status=\"503\"}"), 1);
  EXPECT_GE(value(text, "blobmount_service_requests_total{operation=\"get_blob\",status=\"403\"}"), 1);
  EXPECT_GE(value(text, "blobmount_token_age_seconds"), 0);
}

TEST_F(MetricsOf, AMountCountWhatWasEvicted) {
  mounted.emplace(account.mount("test")
                      .with("--cache-dir", directory.path() / "small")
                      .with("--cache-size", "10MiB")
                      .with("--passthrough", "off"));
  account.service.blobs().put_synthetic("test", "other", 8U << 20U, 2);

  EXPECT_EQ(content_of(*mounted / "large").size(), 8U << 20U);
  EXPECT_EQ(content_of(*mounted / "other").size(), 8U << 20U);

  EXPECT_TRUE(eventually(20s, [&] { return value(metrics(), "blobmount_disk_cache_evictions_total") >= 1; }));
}

TEST_F(MetricsOf, AMountThatHasNoTokenYetSayThatNoneIsValid) {
  account.identity.remove(IdentityEndpoint::system_assigned());
  mounted.emplace(account.mount("test").with("--no-check"));
  ASSERT_TRUE(std::filesystem::exists(mounted->path())) << "waits until it is served, and can be asked";

  const auto text = metrics();

  EXPECT_EQ(value(text, "blobmount_token_valid"), 0);
  EXPECT_EQ(text.find("\nblobmount_token_age_seconds "), std::string::npos);
}

TEST_F(MetricsOf, AMountAreWhatPrometheusTakes) {
  const auto file = directory.path() / "metrics";
  std::ofstream(file) << metrics();

  const auto checked = run({.arguments = {"sh", "-c", "promtool check metrics <\"$0\"", file}});

  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->status, 0) << checked->output << checked->error_output;
}

TEST_F(MetricsOf, AMountAreThoseOfTheDocument) {
  const auto said = matches(metrics(), "# TYPE (blobmount_[a-z_]+) ");
  const auto documented = matches(text_of("docs/metrics.md"), "\\| `(blobmount_[a-z_]+)` \\|");

  // an error, or a retry, has not happened
  auto seen = said;
  seen.insert("blobmount_fuse_errors_total");
  EXPECT_EQ(seen, documented);
}

TEST_F(MetricsOf, AMountAreAllThatDashboardAndAlertsSpeakOf) {
  const auto documented = matches(text_of("docs/metrics.md"), "\\| `(blobmount_[a-z_]+)` \\|");
  for (const auto* file : {"packaging/grafana/blobmount.json", "packaging/prometheus/blobmount.rules.yml"}) {
    const auto named = names_in(text_of(file));
    EXPECT_GT(named.size(), 5U) << file;
    for (const auto& name : named) EXPECT_EQ(documented.count(name), 1U) << name << " in " << file;
  }
  EXPECT_TRUE(json::parse(text_of("packaging/grafana/blobmount.json"), nullptr, false).is_object());
}

TEST(Alerts, AreRulesThatPrometheusTakes) {
  const auto checked =
      run({.arguments = {"promtool", "check", "rules",
                         std::string(BLOBMOUNT_SOURCE_DIR) + "/packaging/prometheus/blobmount.rules.yml"}});
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->status, 0) << checked->output << checked->error_output;
}

}  // namespace
}  // namespace blobmount::tests
