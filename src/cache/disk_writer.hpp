#pragma once

/// Writes pages to disk behind the reader's back, on a thread of its own. Nobody waits for it. What comes too
/// fast is only remembered: it is written later if it is still in memory then, and else dropped, as is what
/// comes while the disk fails.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "blobmount/byte_source.hpp"
#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

#include "base/annotated_mutex.hpp"
#include "base/log.hpp"
#include "cache/disk_format.hpp"
#include "cache/disk_pause.hpp"
#include "cache/disk_space.hpp"
#include "cache/disk_store.hpp"

namespace blobmount {

/// Safe to use from any thread.
class DiskWriter {
 public:
  using OnComplete = std::function<void(const SharedIdentity&)>;

  /// `on_complete` runs on its thread when all pages of a version have been written.
  DiskWriter(DiskStore& store, const DiskLimits& limits, OnComplete on_complete, Clock& clock, Log& log);
  ~DiskWriter() { stop(); }
  DiskWriter(const DiskWriter&) = delete;
  DiskWriter& operator=(const DiskWriter&) = delete;

  /// `buffer` holds `page`, and never changes. Never blocks.
  void keep(const SharedIdentity& identity, std::uint64_t page, PageBuffer buffer) BM_EXCLUDES(mutex_);
  /// Whether what can wait had better be kept some other time: half of what may be held is, or the disk has
  /// failed a short while ago.
  [[nodiscard]] bool is_busy() const BM_EXCLUDES(mutex_);
  /// Pages of a version that have been kept, and are neither written nor dropped so far.
  [[nodiscard]] std::uint64_t in_line(DiskName name) const BM_EXCLUDES(mutex_);
  /// Run `chore` on its thread, where files may be removed, after what is being written; before the thread
  /// ends in any case.
  void run_soon(std::function<void()> chore) BM_EXCLUDES(mutex_);
  /// Have the files take no more than that from now on: what is too much goes soon.
  void set_limits(std::uint64_t size, std::uint64_t free_space) BM_EXCLUDES(mutex_);
  /// Write what is held, for some seconds at most and one write more, then end the thread; what is only
  /// remembered, or comes later, is dropped.
  void stop() BM_EXCLUDES(mutex_);

  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] std::uint64_t evicted() const { return space_.evicted(); }
  /// DiskLimits::size, as it is now.
  [[nodiscard]] std::uint64_t most_bytes() const { return space_.most_bytes(); }

 private:
  struct Page {
    SharedIdentity identity;
    std::uint64_t number = 0;
    PageBuffer buffer{};
    std::weak_ptr<std::byte> remembered{};  ///< where only that was possible
    bool counted = true;                    ///< among those held

    /// Whether its bytes are still in memory; then they stay there.
    bool hold() { return buffer || (buffer = remembered.lock()); }
  };

  void run() BM_EXCLUDES(mutex_);
  struct Work {
    std::vector<Page> pages{};
    std::vector<std::function<void()>> chores{};
  };
  /// None, when it is to end.
  Work take() BM_EXCLUDES(mutex_);
  /// They are all of one version.
  void done_with(std::span<Page> pages) BM_EXCLUDES(mutex_);
  void write_all(std::vector<Page> pages) BM_EXCLUDES(mutex_);
  /// Of those sorted, each once, and not what is on the disk by now.
  std::vector<Page> still_missing(std::vector<Page> pages) BM_EXCLUDES(mutex_);
  /// Whether it is too late to write it.
  bool is_given_up(const Page& page) BM_EXCLUDES(mutex_);
  void write_or_drop(std::span<const Page> neighbours) BM_EXCLUDES(mutex_);
  /// Whether there was room.
  Result<bool> write(std::span<const Page> neighbours);
  void failed(const Error& error, const DiskIdentity& identity) BM_EXCLUDES(mutex_);
  bool is_paused() const BM_EXCLUDES(mutex_);
  /// Whether it had failed before.
  bool end_pause() BM_EXCLUDES(mutex_);
  /// Whether it worked until now.
  bool begin_pause() BM_EXCLUDES(mutex_);

  /// How many of the first ones can be written at once; held from now on. 0: the first one is gone.
  static std::size_t hold_neighbours(std::span<Page> pages);

  DiskStore& store_;
  const OnComplete on_complete_;
  Clock& clock_;
  Log& log_;
  const std::uint64_t most_waiting_;  ///< pages with their bytes
  const std::uint64_t most_in_line_;  ///< pages

  DiskSpace space_;
  std::atomic<std::uint64_t> dropped_{0};

  mutable Mutex mutex_;
  std::condition_variable work_;
  std::vector<Page> waiting_ BM_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> chores_ BM_GUARDED_BY(mutex_);
  std::uint64_t held_ BM_GUARDED_BY(mutex_) = 0;  ///< pages that wait, or are being written, with their bytes
  std::unordered_map<DiskName, std::uint64_t> in_line_ BM_GUARDED_BY(mutex_);  ///< pages; none has 0
  DiskPause pause_ BM_GUARDED_BY(mutex_);
  std::optional<SteadyTime> given_up_at_ BM_GUARDED_BY(mutex_);  ///< once it is ending

  std::thread thread_;
};

}  // namespace blobmount
