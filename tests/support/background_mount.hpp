#pragma once

/// A mount that has gone to the background, as users have it: nobody's child, so it is found by its mount
/// point.

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include "support/mounted.hpp"
#include "support/process.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {

class BackgroundMount {
 public:
  /// Run blobmount and wait for it to return, as a shell does. Throws std::runtime_error where it takes too
  /// long.
  explicit BackgroundMount(const MountOptions& options);
  /// Takes the mount away and ends the daemon, if they are still there.
  ~BackgroundMount();
  BackgroundMount(const BackgroundMount&) = delete;
  BackgroundMount& operator=(const BackgroundMount&) = delete;

  /// What the command that was typed returned.
  [[nodiscard]] const Finished& command() const { return command_; }
  [[nodiscard]] const std::filesystem::path& path() const { return mount_point_; }
  [[nodiscard]] std::filesystem::path operator/(const std::filesystem::path& below) const {
    return mount_point_ / below;
  }
  /// The processes that serve it.
  [[nodiscard]] std::vector<pid_t> daemons() const;
  /// Whether mount and daemon have both gone, or go within `timeout`.
  [[nodiscard]] bool gone(Duration timeout) const;

 private:
  const TemporaryDirectory directory_;
  const std::filesystem::path mount_point_;
  Finished command_;
};

}  // namespace blobmount::tests
