#include "support/mounted.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "support/eventually.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

/// An end takes a moment; a sanitizer's last look at the memory takes more.
constexpr Duration patience_with_end = 20s;

std::filesystem::path made(const std::filesystem::path& directory) {
  std::filesystem::create_directory(directory);
  return directory;
}

/// Where other programs of the machine have blobmount mounted.
std::vector<std::string> mounts_of_others() {
  std::vector<std::string> points;
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string id, parent, device, root, point;
    fields >> id >> parent >> device >> root >> point;
    if (line.find(" - fuse.blobmount ") != std::string::npos) points.push_back(point);
  }
  return points;
}

/// Give this program mounts of its own, which end with it even when it is killed. Who may not, shares.
bool leave_shared_mounts() {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return false;
  // as long as there is a copy of them here, their daemons would not see them end
  for (const auto& point : mounts_of_others()) ::umount2(point.c_str(), MNT_DETACH);
  return true;
}

Command command_for(const MountOptions& options, const std::filesystem::path& mount_point) {
  auto arguments = mount_arguments(options.with("--foreground"), mount_point, mount_point.parent_path());
  return blobmount_command(std::move(arguments), options.environment);
}

/// What is in the table is not served yet: its control socket comes a moment later, and then the first
/// answer.
void await_service(const std::filesystem::path& mount_point) {
  struct statvfs status {};
  (void)::statvfs(mount_point.c_str(), &status);
}

std::string variable(const char* name, const std::string& unless_set) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : unless_set;
}

}  // namespace

Command blobmount_command(std::vector<std::string> arguments,
                          std::map<std::string, std::string> environment) {
  static const bool left = leave_shared_mounts();
  (void)left;
  arguments.insert(arguments.begin(), variable("BLOBMOUNT_TEST_BINARY", BLOBMOUNT_BINARY));
  return {.arguments = std::move(arguments),
          .environment = std::move(environment),
          .unset = {"AZURE_STORAGE_KEY", "AZURE_POD_IDENTITY_AUTHORITY_HOST", "IDENTITY_ENDPOINT",
                    "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT", "MSI_SECRET",
                    "IMDS_ENDPOINT", "DEFAULT_IDENTITY_CLIENT_ID", "http_proxy", "https_proxy", "HTTPS_PROXY",
                    "all_proxy", "ALL_PROXY"}};
}

bool is_mounted(const std::filesystem::path& mount_point) {
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string id, parent, device, root, point;
    fields >> id >> parent >> device >> root >> point;
    if (point == mount_point) return true;
  }
  return false;
}

void detach(const std::filesystem::path& mount_point) {
  if (!is_mounted(mount_point)) return;
  if (::umount2(mount_point.c_str(), MNT_DETACH) == 0) return;
  run({.arguments = {"fusermount3", "-u", "-z", mount_point}});
}

int unmount(const std::filesystem::path& mount_point) {
  const auto program =
      ::geteuid() == 0 ? std::vector<std::string>{"umount"} : std::vector<std::string>{"fusermount3", "-u"};
  Command command{.arguments = program};
  command.arguments.push_back(mount_point);
  const auto finished = run(command);
  return finished ? finished->status : -1;
}

MountOptions MountOptions::with(std::string argument) const {
  auto more = *this;
  more.arguments.push_back(std::move(argument));
  return more;
}

MountOptions MountOptions::with(std::string option, std::string value) const {
  return with(std::move(option)).with(std::move(value));
}

MountOptions MountOptions::with_variable(const std::string& name, std::string value) const {
  auto more = *this;
  more.environment[name] = std::move(value);
  return more;
}

std::vector<std::string> mount_arguments(const MountOptions& options,
                                         const std::filesystem::path& mount_point,
                                         const std::filesystem::path& scratch) {
  std::vector<std::string> arguments{options.source, mount_point};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  const auto add = [&arguments](const char* option, const std::string& value) {
    if (std::ranges::count(arguments, option) > 0) return;
    arguments.emplace_back(option);
    arguments.push_back(value);
  };
  const auto kernel = variable("BLOBMOUNT_TEST_KERNEL", "");
  if (kernel.empty()) return arguments;
  const bool both = kernel == "both";
  add("--io-uring", both || kernel == "io_uring" ? "on" : "off");
  if (std::ranges::count(arguments, "--passthrough") > 0) return arguments;  // a test of just that
  if (both || kernel == "passthrough") {
    add("--cache-dir", scratch / "cache");
  } else {
    add("--passthrough", "off");
  }
  return arguments;
}

Mounted::Mounted(const MountOptions& options)
    : mount_point_(made(directory_.path() / "mount")), process_(command_for(options, mount_point_)) {
  const bool decided =
      eventually(60s, [this] { return is_mounted(mount_point_) || process_.wait(0ms).has_value(); });
  if (decided && is_mounted(mount_point_)) {
    await_service(mount_point_);
    return;
  }
  process_.signal(SIGKILL);
  detach(mount_point_);
  (void)process_.wait_for_end_of_output(1s);
  throw std::runtime_error("blobmount does not mount: " + log());
}

Mounted::~Mounted() {
  process_.signal(SIGTERM);
  if (!process_.wait(patience_with_end)) process_.signal(SIGKILL);
  detach(mount_point_);
}

int Mounted::times_logged(std::string_view text) const {
  const auto words = log();
  int count = 0;
  for (auto at = words.find(text); at != std::string::npos; at = words.find(text, at + 1)) ++count;
  return count;
}

}  // namespace blobmount::tests
