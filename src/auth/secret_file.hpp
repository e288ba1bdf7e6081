#pragma once

/// Secrets that users keep in files.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "blobmount/clock.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/result.hpp"

#include "base/annotated_mutex.hpp"
#include "base/log.hpp"

namespace blobmount {

/// Without white space at its end.
Secret trimmed(Secret text);

/// All of a small regular file, trimmed; invalid_argument with a sentence that names it where it cannot be
/// read, is empty, or holds more than any secret (16 KiB).
Result<Secret> read_secret_file(const std::string& path);

/// The same byte for byte, and up to 64 KiB: for certificates with their key.
Result<Secret> read_binary_secret_file(const std::string& path);

/// A sentence for the user where others than the owner may read the file, or nothing.
std::optional<std::string> warn_of_wide_modes(const std::string& path);

/// The content of such a file, read again when it was replaced. Safe to use from any thread.
class WatchedSecretFile {
 public:
  /// Errors as of read_secret_file(). `clock` and `log` outlive it.
  static Result<std::unique_ptr<WatchedSecretFile>> open(std::string path, Clock& clock, Log& log);

  /// The last one that could be read: the file is looked at once in a second at most. That it cannot be read
  /// any more is logged once.
  [[nodiscard]] Secret current() BM_EXCLUDES(mutex_);
  /// The content has been refused: read the file again at once, whether or not it seems to have changed.
  void refused() BM_EXCLUDES(mutex_);

 private:
  /// What changes when a file is written, or another takes its name. Of the times, who writes may set any but
  /// that of the last change.
  struct Stamp {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t changed_s = 0, changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };

  WatchedSecretFile(std::string path, Clock& clock, Log& log)
      : path_(std::move(path)), clock_(clock), log_(log) {}

  static std::optional<Stamp> stamp_of(const std::string& path);
  Status look() BM_REQUIRES(mutex_);

  const std::string path_;
  Clock& clock_;
  Log& log_;

  Mutex mutex_;
  Secret content_ BM_GUARDED_BY(mutex_);
  std::optional<Stamp> stamp_ BM_GUARDED_BY(mutex_);
  SteadyTime next_look_ BM_GUARDED_BY(mutex_){};
  bool failure_logged_ BM_GUARDED_BY(mutex_) = false;
};

}  // namespace blobmount
