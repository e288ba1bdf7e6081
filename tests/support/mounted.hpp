#pragma once

/// The real blobmount as tests run it: its command line in a clean environment, and a mount of it that goes
/// with the test, whatever became of either.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blobmount/clock.hpp"

#include "support/process.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {

/// `arguments` for blobmount, in an environment without the credentials and proxies of whoever runs the
/// tests. Where that is allowed, the calling thread, and what it starts from now on, gets mounts of its own:
/// call it from the main thread. BLOBMOUNT_TEST_BINARY in the environment is run instead of the usual one.
Command blobmount_command(std::vector<std::string> arguments,
                          std::map<std::string, std::string> environment = {});

/// Whether something is mounted there, dead or alive. Asks the kernel's table, so it never hangs.
bool is_mounted(const std::filesystem::path& mount_point);
/// Take away what is mounted there, in use or not. No effect where nothing is.
void detach(const std::filesystem::path& mount_point);
/// As a user does: `umount MOUNTPOINT`. Its exit status.
int unmount(const std::filesystem::path& mount_point);

struct MountOptions {
  std::string source;
  std::vector<std::string> arguments{};
  std::map<std::string, std::string> environment{};

  /// The same with one argument more.
  [[nodiscard]] MountOptions with(std::string argument) const;
  [[nodiscard]] MountOptions with(std::string option, std::string value) const;
  [[nodiscard]] MountOptions with_variable(const std::string& name, std::string value) const;
};

/// What mounts `options` on `mount_point`, for blobmount_command(). How it talks to the kernel is the
/// environment's to say, for tests/CMakeLists.txt to have the tests run in each way:
/// BLOBMOUNT_TEST_KERNEL=plain, io_uring, passthrough or both; blobmount's own choice otherwise. Passed
/// through are the files of a cache directory, which `scratch` gets where the options have none.
std::vector<std::string> mount_arguments(const MountOptions& options,
                                         const std::filesystem::path& mount_point,
                                         const std::filesystem::path& scratch);

/// A mount served in the foreground, on a mount point of its own. Safe to use from any thread.
class Mounted {
 public:
  /// Returns when the mount can be used. Throws std::runtime_error with what blobmount said if there is none.
  explicit Mounted(const MountOptions& options);
  /// Ends it: politely, then by force. The mount point is free in any case.
  ~Mounted();
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return mount_point_; }
  [[nodiscard]] std::filesystem::path operator/(const std::filesystem::path& below) const {
    return mount_point_ / below;
  }
  [[nodiscard]] const Process& process() const { return process_; }

  /// What it has logged so far, and how often that holds `text`.
  [[nodiscard]] std::string log() const { return process_.error_output(); }
  [[nodiscard]] int times_logged(std::string_view text) const;

 private:
  const TemporaryDirectory directory_;
  const std::filesystem::path mount_point_;
  const Process process_;
};

}  // namespace blobmount::tests
