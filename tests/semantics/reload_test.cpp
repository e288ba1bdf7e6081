/// `blobmount reload`: what changes in the configuration file of a mount comes into force, or is named.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t mib = 1ULL << 20U;

class Reload : public testing::Test {
 protected:
  Reload() {
    account.service.blobs().put_synthetic("test", "blob", 8 * mib, 1);
    account.service.blobs().put_synthetic("test", "other", 8 * mib, 2);
    std::filesystem::create_directory(mount_point);
    configure(nlohmann::json::object());
    daemon =
        std::make_unique<Process>(blobmount_command({"--foreground", "--config", file}, options.environment));
    // to look at it waits until it is served, and can be asked
    if (!eventually(30s, [this] { return is_mounted(mount_point); }) || !std::filesystem::exists(mount_point))
      throw std::runtime_error("no mount: " + daemon->error_output());
  }
  ~Reload() override {
    detach(mount_point);
    if (!daemon->wait(20s)) ADD_FAILURE() << "the daemon does not end";
  }

  /// The configuration, with more settings.
  void configure(const nlohmann::json& more) const {
    nlohmann::json all{{"source", options.source},
                       {"mount-point", mount_point.string()},
                       {"attr-ttl", "0"},
                       {"cache-dir", (directory.path() / "cache").string()}};
    all.update(more);
    std::ofstream(file) << "// a comment\n" << all;
  }
  [[nodiscard]] Finished reload(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "reload");
    auto finished = run(blobmount_command(std::move(arguments)), 60s);
    EXPECT_TRUE(finished) << "it hangs";
    return finished.value_or(Finished{});
  }
  [[nodiscard]] nlohmann::json disk_cache() const {
    const auto shown = run(blobmount_command({"status", "--json", mount_point}), 60s);
    return nlohmann::json::parse(shown->output).at("disk_cache");
  }

  ServedAccount account;
  const MountOptions options = account.mount("test");
  const TemporaryDirectory directory;
  const std::filesystem::path mount_point = directory.path() / "mnt";
  const std::string file = directory.path() / "mount.json";
  std::unique_ptr<Process> daemon;
};

TEST_F(Reload, WithoutAChangeSaysSo) {
  const auto said = reload({"--config", file});

  EXPECT_EQ(said.status, 0) << said.error_output;
  EXPECT_EQ(said.output, "nothing has changed\n");
}

TEST_F(Reload, PutsIntoForceWhatCanChangeAndNamesTheRest) {
  configure({{"log-level", "debug"}, {"memory", "128MiB"}, {"rate-limit", "100MiB"}});

  const auto said = reload({mount_point, "--json"});

  ASSERT_EQ(said.status, 0) << said.error_output;
  const auto json = nlohmann::json::parse(said.output);
  EXPECT_EQ(json["changed"], nlohmann::json::parse(R"(["log-level", "rate-limit"])"));
  EXPECT_EQ(json["need_remount"], nlohmann::json::parse(R"(["memory"])"));
  EXPECT_EQ(read_file(mount_point / "blob").bytes.size(), 8 * mib);
  EXPECT_TRUE(daemon->wait_for_output("what=GET", 10s)) << "at debug each request is logged";
}

TEST_F(Reload, AMistakeChangesNothing) {
  std::ofstream(file) << "{\"log-level\": \"debug\",\n\"memroy\": \"1GiB\"}";

  const auto said = reload({mount_point});

  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.error_output, HasSubstr(file + ":2: there is no setting 'memroy'"));
  EXPECT_EQ(read_file(mount_point / "blob").bytes.size(), 8 * mib);
  EXPECT_THAT(daemon->error_output(), Not(HasSubstr("what=GET")));
}

TEST_F(Reload, ASmallerCacheIsFitAtOnce) {
  EXPECT_EQ(read_file(mount_point / "blob").bytes.size(), 8 * mib);
  EXPECT_EQ(read_file(mount_point / "other").bytes.size(), 8 * mib);
  ASSERT_TRUE(eventually(20s, [this] { return disk_cache()["bytes"] >= 16 * mib; }));
  configure({{"cache-size", "10MiB"}});

  ASSERT_EQ(reload({"--config", file}).status, 0);

  EXPECT_EQ(disk_cache()["limit"], 10 * mib);
  EXPECT_TRUE(eventually(20s, [this] { return disk_cache()["bytes"] <= 10 * mib; }));
}

TEST_F(Reload, SaysWhatItNeeds) {
  EXPECT_EQ(reload({}).output, "nothing has changed\n") << "it is the only mount";
  EXPECT_THAT(reload({directory.path()}).error_output, HasSubstr("not in a mount of blobmount"));
}

}  // namespace
}  // namespace blobmount::tests
