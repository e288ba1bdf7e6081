#pragma once

/// Checks versions that are complete before the kernel may read their files by itself: from then on nobody
/// looks at checksums.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "blobmount/local_files.hpp"

#include "base/annotated_mutex.hpp"
#include "base/worker_pool.hpp"
#include "cache/disk_format.hpp"
#include "cache/disk_store.hpp"

namespace blobmount {

/// Safe to use from any thread.
class DiskCheck {
 public:
  /// A page that cannot be read, or is not what was written.
  using OnBad =
      std::function<void(const SharedEntry&, const DiskIdentity&, std::uint64_t page, const Error&)>;

  /// `store` outlives it. `on_bad` runs on its thread.
  DiskCheck(DiskStore& store, OnBad on_bad) : store_(store), on_bad_(std::move(on_bad)) {}
  ~DiskCheck() { stop(); }
  DiskCheck(const DiskCheck&) = delete;
  DiskCheck& operator=(const DiskCheck&) = delete;

  /// As LocalFiles::local_file.
  std::optional<LocalFile> local_file(const SharedIdentity& identity);
  /// Check that version, if it is complete and not too many wait for that. Never blocks.
  void check_later(const SharedIdentity& identity) BM_EXCLUDES(mutex_);
  /// Check none of those that wait, and not to its end what is being checked: returns when none of them is
  /// in use. Blocks for the disk. Not on its thread.
  void give_up();
  /// As give_up(), and end the thread.
  void stop();

 private:
  /// From one give_up() to the next.
  using Round = std::uint64_t;

  /// Whether the data file is what it was when all its pages were found to be what had been written.
  bool is_checked(DiskFile& file) BM_EXCLUDES(mutex_);
  void note_checked(DiskName name, FileStamp stamp) BM_EXCLUDES(mutex_);
  void check(const DiskIdentity& identity, Round round);
  /// Whether all pages are what was written.
  bool check_pages(const SharedEntry& entry, DiskFile& file, const DiskIdentity& identity, Round round);
  [[nodiscard]] bool is_given_up(Round round) const { return stopped_ || round != round_; }

  DiskStore& store_;
  const OnBad on_bad_;
  std::atomic<bool> stopped_{false};
  std::atomic<Round> round_{0};

  Mutex mutex_;
  /// What data files were like then.
  std::unordered_map<DiskName, FileStamp> checked_ BM_GUARDED_BY(mutex_);
  std::unordered_set<DiskName> waiting_ BM_GUARDED_BY(mutex_);  ///< to be checked, or being checked

  WorkerPool thread_{"disk-check", 1};
};

}  // namespace blobmount
