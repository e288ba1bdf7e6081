/// What an operator finds in the log of a mount when something fails.

#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/run.hpp"
#include "base/open_log.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/refusal.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;

constexpr auto uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Read it; its errno, or 0.
int read_error(const std::filesystem::path& file) {
  errno = 0;
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  char byte = 0;
  const int error = ::read(descriptor, &byte, 1) < 0 ? errno : 0;
  ::close(descriptor);
  return error;
}

/// A mount of this process, as main() makes one of a Config.
class MountedHere {
 public:
  explicit MountedHere(Config config) : command_{.config = std::move(config)} {
    command_.config.mount_point = directory_.path();
    const auto ready = std::make_shared<std::promise<void>>();
    auto is_ready = ready->get_future();
    thread_ = std::thread([this, ready] {
      const auto log = open_log(command_.config.log, command_.config.foreground);
      const auto served = run_mount(command_, *log, ServiceManager(), [ready] { ready->set_value(); });
      EXPECT_TRUE(served) << served.error().message;
    });
    EXPECT_EQ(is_ready.wait_for(60s), std::future_status::ready);
  }
  ~MountedHere() {
    EXPECT_EQ(unmount(directory_.path()), 0);
    thread_.join();
  }
  MountedHere(const MountedHere&) = delete;
  MountedHere& operator=(const MountedHere&) = delete;

  [[nodiscard]] std::filesystem::path operator/(const std::filesystem::path& below) const {
    return directory_.path() / below;
  }

 private:
  const TemporaryDirectory directory_;
  MountCommand command_;
  std::thread thread_;
};

class Logging : public testing::Test {
 protected:
  Logging() {
    account_.service.blobs().put("test", "a b.txt", "hello\n");
    account_.service.blobs().put("test", "other.txt", "hello\n");
  }

  void refuse_reads() {
    account_.service.faults().add_always(
        {.kind = FaultKind::status, .status = 403, .code = "AuthorizationFailure"}, RequestKind::get_blob);
  }
  [[nodiscard]] Config config() const {
    Config config;
    config.source = {
        .account = "devstoreaccount1", .endpoint = account_.service.endpoint(), .container = "test"};
    config.credential = Anonymous{};
    config.log = {.target = LogTarget::file, .file = file_, .json = true};
    return config;
  }
  /// What became known of operations that failed.
  [[nodiscard]] std::vector<json> failures() const {
    std::vector<json> found;
    for (const auto& line : lines_of(file_)) {
      auto event = json::parse(line);
      if (event.at("event") == "operation failed") found.push_back(std::move(event));
    }
    return found;
  }

  ServedAccount account_;
  const TemporaryDirectory directory_;
  const std::string file_ = directory_.path() / "blobmount.log";
};

TEST_F(Logging, ARefusedReadIsToldOnceWithTheIdsOfItsRequest) {
  const MountedHere mounted(config());
  refuse_reads();

  EXPECT_EQ(read_error(mounted / "a b.txt"), EACCES);

  ASSERT_THAT(failures(), SizeIs(1)) << "though the kernel has asked twice";
  const auto event = failures()[0];
  EXPECT_EQ(event.at("level"), "warning");
  EXPECT_EQ(event.at("operation"), "read");
  EXPECT_EQ(event.at("path"), "/a b.txt");
  EXPECT_EQ(event.at("errno"), "EACCES");
  EXPECT_EQ(event.at("error"), "permission_denied");
  EXPECT_EQ(event.at("status"), "403");
  EXPECT_EQ(event.at("service_code"), "AuthorizationFailure");
  EXPECT_THAT(event.at("request_id").get<std::string>(), MatchesRegex("[0-9a-fA-F-]{36}"));
  EXPECT_THAT(event.at("client_request_id").get<std::string>(), MatchesRegex(uuid));
  EXPECT_THAT(event.at("reason").get<std::string>(), HasSubstr("a firewall or network rule"));
}

TEST_F(Logging, NothingElseIsAWarning) {
  const MountedHere mounted(config());
  refuse_reads();

  EXPECT_EQ(read_error(mounted / "a b.txt"), EACCES);
  EXPECT_EQ(stat_error(mounted / "absent"), ENOENT);

  int warnings = 0;
  for (const auto& line : lines_of(file_)) {
    if (const auto level = json::parse(line).at("level"); level == "warning" || level == "error") ++warnings;
  }
  EXPECT_EQ(warnings, 1);
}

TEST_F(Logging, WhereNoAnswerCameThereIsOurId) {
  auto impatient = config();
  impatient.network.retry_timeout = Duration{0};
  const MountedHere mounted(impatient);
  account_.service.faults().add_always({.kind = FaultKind::reset}, RequestKind::get_blob);

  EXPECT_EQ(read_error(mounted / "a b.txt"), EIO);

  ASSERT_THAT(failures(), SizeIs(1));
  EXPECT_THAT(failures()[0].at("client_request_id").get<std::string>(), MatchesRegex(uuid));
  EXPECT_FALSE(failures()[0].contains("request_id"));
}

TEST_F(Logging, AfterLogrotateItGoesToTheNewFile) {
  const Mounted mounted(account_.mount("test").with("--log-file", file_));
  refuse_reads();
  EXPECT_EQ(read_error(mounted / "a b.txt"), EACCES);

  std::filesystem::rename(file_, file_ + ".1");
  EXPECT_EQ(read_error(mounted / "other.txt"), EACCES);

  const auto refused = [](const std::string& path) {
    return Contains(HasSubstr(" warning operation failed operation=read path=" + path + " errno=EACCES "));
  };
  EXPECT_THAT(lines_of(file_), AllOf(refused("/other.txt"), Not(refused("/a b.txt"))));
  EXPECT_THAT(lines_of(file_ + ".1"), AllOf(refused("/a b.txt"), Not(refused("/other.txt"))));
}

TEST_F(Logging, ALogThatIsFullEndsNoMount) {
  const Mounted mounted(account_.mount("test").with("--log-file", "/dev/full"));

  EXPECT_EQ(content_of(mounted / "other.txt"), "hello\n");
}

}  // namespace
}  // namespace blobmount::tests
