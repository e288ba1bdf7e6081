/// Settings as administrators write them: in files, variables, options of mount(8), each of which mounts.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr int usage_error = 1, mount_failure = 32;  // of mount(8)

class Configured : public testing::Test {
 protected:
  Configured() {
    account.service.blobs().put("test", "text.txt", "hello\n");
    std::filesystem::create_directory(mount_point);
    const auto command = blobmount_command({});
    std::filesystem::create_symlink(std::filesystem::absolute(command.arguments.front()), helper);
  }
  ~Configured() override { detach(mount_point); }

  /// `program`, which is blobmount by whatever name, and ends.
  [[nodiscard]] Finished run_as(const std::string& program, std::vector<std::string> arguments,
                                const std::map<std::string, std::string>& environment = {}) const {
    auto variables = options.environment;
    variables.insert(environment.begin(), environment.end());
    auto command = blobmount_command(std::move(arguments), variables);
    if (!program.empty()) command.arguments.front() = program;
    auto finished = run(command, 60s);
    EXPECT_TRUE(finished) << "it hangs";
    return finished.value_or(Finished{});
  }
  [[nodiscard]] Finished mount_helper(std::vector<std::string> arguments) const {
    return run_as(helper, std::move(arguments));
  }
  std::string configuration(const std::string& text) {
    const auto file = (directory.path() / "mount.json").string();
    std::ofstream(file) << text;
    return file;
  }
  [[nodiscard]] std::string quoted(const std::string& text) const { return nlohmann::json(text).dump(); }
  [[nodiscard]] mode_t mode_of(const std::string& name) const {
    struct stat status {};
    EXPECT_EQ(::stat((mount_point / name).c_str(), &status), 0);
    return status.st_mode & 0777U;
  }

  ServedAccount account;
  const MountOptions options = account.mount("test");
  const TemporaryDirectory directory;
  const std::filesystem::path mount_point = directory.path() / "mnt";
  const std::filesystem::path helper = directory.path() / "mount.blobmount";
};

TEST_F(Configured, AFileSaysAllThatIsNeeded) {
  const auto file = configuration("// for reports\n{\"source\": " + quoted(options.source) +
                                  ",\n \"mount-point\": \"mnt\", \"file-mode\": \"0640\"}");

  const auto mounted = run_as("", {"--config", file});

  EXPECT_EQ(mounted.status, 0) << mounted.error_output;
  EXPECT_EQ(read_file(mount_point / "text.txt").bytes, "hello\n");
  EXPECT_EQ(mode_of("text.txt"), 0640U);
}

TEST_F(Configured, TheCommandLineWinsOverVariablesAndThoseOverTheFile) {
  const auto file = configuration("{\"file-mode\": \"0600\", \"dir-mode\": \"0700\", \"uid\": 1}");
  const std::map<std::string, std::string> variables{
      {"BLOBMOUNT_CONFIG", file}, {"BLOBMOUNT_FILE_MODE", "0640"}, {"BLOBMOUNT_UID", "2"}};

  const auto mounted = run_as("", {"--uid", "3", options.source, mount_point}, variables);

  EXPECT_EQ(mounted.status, 0) << mounted.error_output;
  EXPECT_EQ(mode_of("text.txt"), 0640U);
  EXPECT_EQ(mode_of("."), 0700U);
  struct stat status {};
  ASSERT_EQ(::stat((mount_point / "text.txt").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 3U);
}

TEST_F(Configured, AMistakeInAFileIsToldWithItsLine) {
  const auto file = configuration("{\n\"cache-siz\": \"1GiB\"}");

  const auto refused = run_as("", {"--config", file, options.source, mount_point});

  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.error_output, HasSubstr(file + ":2: there is no setting 'cache-siz'; is 'cache-size'"));
}

TEST_F(Configured, TheMountHelperReturnsWhenTheMountIsUsable) {
  const auto mounted = mount_helper({options.source, mount_point, "-o",
                                     "rw,noexec,_netdev,nofail,x-systemd.automount,file_mode=0600,uid=5"});

  EXPECT_EQ(mounted.status, 0) << mounted.error_output;
  EXPECT_EQ(mounted.output + mounted.error_output, "");
  EXPECT_EQ(read_file(mount_point / "text.txt").bytes, "hello\n");
  EXPECT_EQ(mode_of("text.txt"), 0600U);
  struct statvfs flags {};
  ASSERT_EQ(::statvfs(mount_point.c_str(), &flags), 0);
  EXPECT_NE(flags.f_flag & ST_NOEXEC, 0U);
  EXPECT_NE(flags.f_flag & ST_RDONLY, 0U);
  EXPECT_EQ(unmount(mount_point), 0);
  EXPECT_FALSE(is_mounted(mount_point));
}

TEST_F(Configured, TheMountHelperTakesAFile) {
  const auto file = configuration("{\"file-mode\": \"0604\"}");

  const auto mounted = mount_helper({options.source, mount_point, "-o", "rw,config=" + file});

  EXPECT_EQ(mounted.status, 0) << mounted.error_output;
  EXPECT_EQ(mode_of("text.txt"), 0604U);
}

TEST_F(Configured, TheMountHelperTakesVariables) {
  const auto mounted =
      run_as(helper, {options.source, mount_point, "-o", "rw"}, {{"BLOBMOUNT_FILE_MODE", "0604"}});

  EXPECT_EQ(mounted.status, 0) << mounted.error_output;
  EXPECT_EQ(mode_of("text.txt"), 0604U);
}

/// By which `mount -a` knows that a line of /etc/fstab is mounted.
TEST_F(Configured, TheTableOfMountsShowsTheSourceAsTheMountHelperWasGivenIt) {
  const auto mounted = mount_helper({options.source, mount_point, "-o", "rw"});

  EXPECT_EQ(mounted.status, 0) << mounted.error_output;
  EXPECT_THAT(read_file("/proc/self/mounts").bytes,
              HasSubstr(options.source + " " + mount_point.string() + " fuse.blobmount "));
}

TEST_F(Configured, WhereItCannotLogAsItIsToldItSaysSoBeforeAnythingElse) {
  const auto file = (directory.path() / "absent" / "log").string();

  for (const auto& more : {std::vector<std::string>{}, {"--foreground"}}) {
    std::vector<std::string> arguments{"--log-file", file, options.source, mount_point};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto refused = run_as("", arguments);
    EXPECT_EQ(refused.status, 2);
    EXPECT_THAT(refused.error_output, HasSubstr("cannot write to log-file '" + file + "': No such file"));
  }
  EXPECT_EQ(mount_helper({options.source, mount_point, "-o", "log-file=" + file}).status, mount_failure);
  EXPECT_FALSE(is_mounted(mount_point));
}

TEST_F(Configured, TheMountHelperFailsAsMountDoes) {
  const auto unknown = mount_helper({options.source, mount_point, "-o", "rw,cach_size=1GiB"});
  const auto no_place = mount_helper({options.source, mount_point / "absent", "-o", "rw"});
  const auto no_file = mount_helper({options.source, mount_point, "-o", "rw,config="});
  const auto no_container = mount_helper({options.source + "x", mount_point, "-o", "rw"});

  EXPECT_EQ(unknown.status, usage_error);
  EXPECT_EQ(no_file.status, usage_error);
  EXPECT_THAT(no_file.error_output, HasSubstr("-o config needs a value"));
  EXPECT_THAT(unknown.error_output, HasSubstr("is 'cache-size' meant?"));
  EXPECT_EQ(no_place.status, mount_failure);
  EXPECT_THAT(no_place.error_output, HasSubstr("does not exist"));
  EXPECT_EQ(no_container.status, mount_failure);
  EXPECT_FALSE(is_mounted(mount_point));
}

TEST_F(Configured, TheMountHelperOnlyChecksWhereThatIsAsked) {
  EXPECT_EQ(mount_helper({options.source, mount_point, "-f", "-o", "rw"}).status, 0);
  EXPECT_FALSE(is_mounted(mount_point));
  EXPECT_EQ(mount_helper({options.source, mount_point, "-f", "-o", "rw,nonsense"}).status, usage_error);
  EXPECT_EQ(mount_helper({options.source, mount_point, "-sf", "-o", "rw,nonsense"}).status, 0);
}

TEST_F(Configured, WhatWouldBeInForceIsShownWithoutAMount) {
  const auto file = configuration("{\"cache-size\": \"2GiB\"}");

  const auto shown = run_as("", {"config", "show", "--config", file, "--json", options.source},
                            {{"BLOBMOUNT_ATTR_TTL", "30s"}, {"AZURE_STORAGE_KEY", "c2VjcmV0"}});

  EXPECT_EQ(shown.status, 0) << shown.error_output;
  std::map<std::string, nlohmann::json> by_name;
  for (const auto& entry : nlohmann::json::parse(shown.output)) by_name[entry["name"]] = entry;
  EXPECT_EQ(by_name["cache-size"]["value"], "2GiB");
  EXPECT_EQ(by_name["cache-size"]["origin"], file + ":1");
  EXPECT_EQ(by_name["attr-ttl"]["value"], "30s");
  EXPECT_EQ(by_name["attr-ttl"]["origin"], "BLOBMOUNT_ATTR_TTL");
  EXPECT_EQ(by_name["memory"]["origin"], "default");
  EXPECT_THAT(shown.output, testing::Not(HasSubstr("c2VjcmV0")));
}

TEST_F(Configured, WhatWouldBeInForceIsShownWithoutACredentialToo) {
  const auto shown =
      run_as("", {"config", "show", "--auth", "account-key", "--account-key-file", "/nowhere/key"});

  EXPECT_EQ(shown.status, 0);
  EXPECT_THAT(shown.output, HasSubstr("/nowhere/key"));
  EXPECT_THAT(shown.error_output, HasSubstr("blobmount: no credential: "));
}

TEST_F(Configured, TheDocumentedTablesAreThoseOfTheProgram) {
  const auto written = run_as("", {"config", "reference", "markdown"}).output;

  std::ifstream file(std::string(BLOBMOUNT_SOURCE_DIR) + "/docs/configuration.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());

  ASSERT_FALSE(written.empty());
  EXPECT_THAT(page, HasSubstr(written)) << "write it there: blobmount config reference markdown";
}

}  // namespace
}  // namespace blobmount::tests
