#pragma once

/// A directory whose disk fails to order: full, broken, slow, or gone in the middle of a write as when the
/// process is killed. A decorator: the files themselves are those of the directory below.

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "blobmount/result.hpp"

#include "base/annotated_mutex.hpp"
#include "cache/files.hpp"

namespace blobmount::tests {

/// The orders. Safe to use from any thread, while the directory is in use.
class DiskFaults {
 public:
  /// All that changes the disk fails with `code`, until told otherwise. A write is half done; a full disk
  /// (no_space) lets files be removed.
  void fail_writes(std::optional<ErrorCode> code) BM_EXCLUDES(mutex_);
  void fail_reads(std::optional<ErrorCode> code) BM_EXCLUDES(mutex_);
  /// The process dies after `count` changes more: what comes then has no effect, and nobody is told. `torn`:
  /// of the first of those, if it is a write, the first half is done.
  void crash_after(std::size_t count, bool torn) BM_EXCLUDES(mutex_);
  /// Whatever changes the disk waits until release().
  void hold_writes() BM_EXCLUDES(mutex_);
  void release() BM_EXCLUDES(mutex_);
  /// How many wait so.
  [[nodiscard]] std::size_t waiting() const BM_EXCLUDES(mutex_);
  /// How often the disk was to be changed.
  [[nodiscard]] std::size_t changes() const BM_EXCLUDES(mutex_);

  // For the directory:

  enum class Verdict { pass, fail, half, lose };
  struct Order {
    Verdict verdict = Verdict::pass;
    ErrorCode code = ErrorCode::internal;  ///< where it fails
  };
  Order next_change() BM_EXCLUDES(mutex_);
  [[nodiscard]] Status next_read() const BM_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::condition_variable released_;
  std::size_t changes_ BM_GUARDED_BY(mutex_) = 0;
  std::size_t waiting_ BM_GUARDED_BY(mutex_) = 0;
  bool held_ BM_GUARDED_BY(mutex_) = false;
  bool torn_ BM_GUARDED_BY(mutex_) = false;
  std::optional<std::size_t> crash_at_ BM_GUARDED_BY(mutex_);
  std::optional<ErrorCode> write_error_ BM_GUARDED_BY(mutex_), read_error_ BM_GUARDED_BY(mutex_);
};

/// `faults` outlives it and its files.
std::unique_ptr<CacheDirectory> faulty_directory(std::unique_ptr<CacheDirectory> below, DiskFaults& faults);

}  // namespace blobmount::tests
