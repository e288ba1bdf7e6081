#pragma once

/// How files look to whoever asks the kernel: their owner, modes, times, and for how long the kernel may
/// answer by itself.

#include <cstdint>

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "blobmount/config.hpp"
#include "blobmount/file_system.hpp"

#include "fuse/fuse_api.hpp"

namespace blobmount {

/// As libfuse wants timeouts.
double in_seconds(Duration duration);

/// Safe to use from any thread.
class Appearance {
 public:
  /// An inode's attributes never change: the kernel need not ask for them again.
  static constexpr double attributes_valid_for_s = 86400;

  explicit Appearance(const AppearanceConfig& config) : config_(config) {}

  [[nodiscard]] struct stat stat_of(const Attributes& attributes) const;
  [[nodiscard]] fuse_entry_param entry_of(const Entry& entry) const;

  /// What a directory says of a name in it.
  static struct stat stat_in_listing(std::uint64_t number, FileKind kind);
  /// What `df` shows: a petabyte, all of it free. Programs that look for room before they work find it.
  static struct statvfs statistics();

 private:
  const AppearanceConfig config_;
};

}  // namespace blobmount
