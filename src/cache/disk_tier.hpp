#pragma once

/// Pages on disk: read before the place below is asked, filled behind the reader's back with what comes from
/// there, kept over mounts. What fails here is fetched from below: the disk can make reads faster, never
/// wrong.

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blobmount/byte_source.hpp"
#include "blobmount/clock.hpp"
#include "blobmount/local_files.hpp"
#include "blobmount/result.hpp"

#include "base/annotated_mutex.hpp"
#include "base/log.hpp"
#include "base/memory_budget.hpp"
#include "base/worker_pool.hpp"
#include "cache/disk_care.hpp"
#include "cache/disk_check.hpp"
#include "cache/disk_fetch.hpp"
#include "cache/disk_space.hpp"
#include "cache/disk_store.hpp"
#include "cache/disk_writer.hpp"
#include "cache/files.hpp"

namespace blobmount {

struct DiskStats {
  std::uint64_t hits = 0;        ///< pages that were read from disk
  std::uint64_t misses = 0;      ///< pages that were not on disk
  std::uint64_t bad = 0;         ///< pages that could not be read, or were not what had been written
  std::uint64_t dropped = 0;     ///< pages that were not written: the disk was too slow, full, or failing
  std::uint64_t evicted = 0;     ///< versions
  std::uint64_t bytes = 0;       ///< what the files take on the disk
  std::uint64_t most_bytes = 0;  ///< that they may take
  std::uint64_t versions = 0;    ///< that have files there
};

class DiskTier final : public ByteSource, public LocalFiles {
 public:
  /// Blocks while it looks at what `directory` holds. `account` is part of the versions' names. What
  /// the index takes is charged to `budget`. `below`, `budget`, `clock` and `log` outlive it.
  static Result<std::unique_ptr<DiskTier>> open(ByteSource& below, std::unique_ptr<CacheDirectory> directory,
                                                std::string account, const DiskLimits& limits,
                                                MemoryBudget& budget, Clock& clock, Log& log);
  ~DiskTier() override { stop(); }
  DiskTier(const DiskTier&) = delete;
  DiskTier& operator=(const DiskTier&) = delete;

  void start(std::vector<SharedFetch> fetches) override;
  void reconsider() override BM_EXCLUDES(mutex_);
  bool offer(const SharedVersion& version, PageRange pages, std::span<const PageBuffer> buffers) override;
  std::optional<LocalFile> local_file(const BlobVersion& version) override;
  std::optional<KeptBytes> kept(const BlobVersion& version) override;

  /// Whether all pages of the version are on disk.
  [[nodiscard]] bool complete(const BlobVersion& version) const;
  [[nodiscard]] DiskStats stats() const;

  /// Have the files take no more from now on, and leave so much: in bytes, as DiskLimits.
  void set_limits(std::uint64_t size, std::uint64_t free_space);
  /// Remove all versions that are not in use, and what that freed. Blocks; ends sooner when `progress` says
  /// so. Not once stop() has begun.
  void clear(DiskProgress& progress);
  /// Look at the checksums of all pages; those that are not what was written are forgotten. As clear().
  void verify(DiskProgress& progress);

  /// End what is being read, write what waits, for some seconds at most, end the threads. `below` has
  /// answered all it had, and answers what still comes. From then on fetches go straight to it.
  void stop();

 private:
  struct Division {
    SharedDivision fetch;
    SharedIdentity identity;
    SharedEntry entry;
  };
  /// Pages that are on disk, to be read in one go.
  struct Run {
    Division division;
    PageRange pages;
  };

  DiskTier(ByteSource& below, std::unique_ptr<DiskStore> store, std::string account, const DiskLimits& limits,
           Clock& clock, Log& log);

  [[nodiscard]] DiskIdentity identity_of(const Fetch& fetch) const;
  [[nodiscard]] bool unread(const Fetch& fetch) const;
  void start_known(std::vector<SharedFetch> fetches);
  void divide(SharedFetch fetch, std::vector<SharedFetch>& remote);
  void read_later(const Division& division, PageRange pages) BM_EXCLUDES(mutex_);
  bool add_ahead(const Run& run) BM_EXCLUDES(mutex_);
  [[nodiscard]] std::optional<Run> next_ahead() BM_EXCLUDES(mutex_);
  void read(const Run& run);
  Status read_page(const Division& division, std::uint64_t page);
  void note_bad(const SharedEntry& entry, const DiskIdentity& identity, std::uint64_t page,
                const Error& error);
  SharedFetch from_below(const Division& division, PageRange pages);

  ByteSource& below_;
  const std::string account_;
  Log& log_;

  const std::unique_ptr<DiskStore> store_;
  std::atomic<bool> stopped_{false};
  std::atomic<std::uint64_t> hits_{0}, misses_{0}, bad_{0};

  Mutex mutex_;
  std::list<Run> runs_ahead_ BM_GUARDED_BY(mutex_);  ///< for each of them a task in `ahead_`, at least

  DiskCheck check_;
  DiskWriter writer_;
  WorkerPool readers_;
  WorkerPool ahead_;  ///< its own, so that nobody who waits stands behind what nobody waits for
};

}  // namespace blobmount
