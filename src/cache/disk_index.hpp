#pragma once

/// Which versions and pages are on disk, in what order they were used, and what they take there. Remembers
/// only: it touches no file. The memory it takes is charged to the budget, and it says when that is too much.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "blobmount/byte_source.hpp"

#include "base/annotated_mutex.hpp"
#include "base/memory_budget.hpp"
#include "cache/disk_file.hpp"
#include "cache/disk_format.hpp"
#include "cache/disk_page_set.hpp"
#include "cache/disk_table.hpp"
#include "cache/open_disk_files.hpp"

namespace blobmount {

/// Stands for a version that has files on disk. Who holds one says that it is in use.
struct DiskEntry {
  const DiskName name;
};
using SharedEntry = std::shared_ptr<const DiskEntry>;

/// Safe to use from any thread. An entry that is no longer in the index may be given to any method, and has
/// no effect. Of whose version an entry is, is remembered as hashes, 94 bits in all: what is told of pages
/// holds if the side file, once it is opened, is of that identity.
class DiskIndex {
 public:
  /// Keeps the files of `most_open` versions open. `budget` outlives it.
  DiskIndex(MemoryBudget& budget, std::size_t most_open)
      : most_memory_(budget.total() / part_of_budget),
        charge_(budget, 0, MemoryPurpose::cache_index),
        open_(most_open) {}

  struct Plan {
    SharedEntry entry;  ///< null: not on disk
    std::vector<PageRun> runs;
  };
  /// Where the pages of a fetch are: all absent, while the entry is unread. Counts as a use of the version.
  Plan plan(const DiskIdentity& identity, PageRange pages) BM_EXCLUDES(mutex_);
  /// The version's entry, read or not, or one that stands in its place; or null.
  [[nodiscard]] SharedEntry find(DiskName name) BM_EXCLUDES(mutex_);
  /// Whether there is one, and only its side file can tell what it holds.
  [[nodiscard]] bool unread(DiskName name) BM_EXCLUDES(mutex_);
  [[nodiscard]] bool is_of(const SharedEntry& entry, const DiskIdentity& identity) BM_EXCLUDES(mutex_);
  /// Whether all pages of the version are on disk.
  [[nodiscard]] bool complete(const DiskIdentity& identity) BM_EXCLUDES(mutex_);
  [[nodiscard]] bool has(const DiskIdentity& identity, PageRange pages) BM_EXCLUDES(mutex_);
  /// Bytes of the blob that are on disk.
  [[nodiscard]] std::uint64_t bytes_kept(const DiskIdentity& identity) BM_EXCLUDES(mutex_);

  /// A version's files were found, not used since those that were found before.
  void found(DiskName name, std::uint64_t bytes) BM_EXCLUDES(mutex_);
  /// The side file of an unread entry was read.
  void learn(const SharedEntry& entry, const DiskIdentity& identity, PageSet pages) BM_EXCLUDES(mutex_);
  /// It was read in vain: the entry only takes space, until its files are replaced.
  void give_up(const SharedEntry& entry) BM_EXCLUDES(mutex_);
  /// Files without pages were made. There is no entry of that name.
  SharedEntry insert(const DiskIdentity& identity) BM_EXCLUDES(mutex_);
  void wrote(const SharedEntry& entry, const DiskIdentity& identity, PageRange pages) BM_EXCLUDES(mutex_);
  /// The page cannot be used. Whether it was there until now.
  bool lost(const SharedEntry& entry, const DiskIdentity& identity, std::uint64_t page) BM_EXCLUDES(mutex_);
  /// Its files were removed. What they took on the disk.
  std::uint64_t forget(const SharedEntry& entry) BM_EXCLUDES(mutex_);

  /// What all of them take on the disk.
  [[nodiscard]] std::uint64_t bytes() const BM_EXCLUDES(mutex_);
  /// All of them.
  [[nodiscard]] std::vector<DiskName> names() BM_EXCLUDES(mutex_);
  /// The least recently used of those that are not in use; null: there is none.
  [[nodiscard]] SharedEntry unused() BM_EXCLUDES(mutex_);
  /// How many there are.
  [[nodiscard]] std::size_t versions() const BM_EXCLUDES(mutex_);
  /// What one takes there; 0 for null.
  [[nodiscard]] std::uint64_t bytes_of(const SharedEntry& entry) BM_EXCLUDES(mutex_);
  /// The one to evict next, if not `keep`: the least recently used of those that are not in use, or else of
  /// those that are. Null: there is no other.
  [[nodiscard]] SharedEntry least_used(const SharedEntry& keep) BM_EXCLUDES(mutex_);
  /// Whether one version more would take more memory than the index may have, an eighth of the budget.
  [[nodiscard]] bool full() const BM_EXCLUDES(mutex_);
  /// How many versions there may be then, if none is larger than 4 MiB.
  [[nodiscard]] std::size_t most_versions() const { return most_memory_ / DiskTable::footprint_of_one; }
  /// How large a budget is with which most_versions() is `versions`.
  static std::uint64_t budget_for(std::size_t versions) {
    return versions * DiskTable::footprint_of_one * part_of_budget;
  }
  /// It cannot be evicted: as if it had just been used.
  void postpone(const SharedEntry& entry) BM_EXCLUDES(mutex_);

  /// The files, if they are open.
  [[nodiscard]] std::shared_ptr<DiskFile> file(const SharedEntry& entry) BM_EXCLUDES(mutex_);
  /// They were opened: keep them so, until many others have been used since. Returns those that another
  /// thread opened before, if there are any.
  std::shared_ptr<DiskFile> keep_open(const SharedEntry& entry, std::shared_ptr<DiskFile> file)
      BM_EXCLUDES(mutex_);
  /// They cannot be written: who needs them next opens them anew.
  void let_go(const SharedEntry& entry) BM_EXCLUDES(mutex_);
  /// All that are kept open, the least recently used first.
  [[nodiscard]] std::vector<std::shared_ptr<DiskFile>> open_files() BM_EXCLUDES(mutex_);

 private:
  SharedEntry hold(DiskName name) BM_REQUIRES(mutex_);
  DiskRecord& add(DiskName name, std::uint64_t bytes) BM_REQUIRES(mutex_);
  /// Null: it is no longer in the index.
  DiskRecord* record_of(const SharedEntry& entry) BM_REQUIRES(mutex_);
  void resize(DiskRecord& record, std::uint64_t bytes) BM_REQUIRES(mutex_);
  void count_memory(std::size_t pages_before, std::size_t pages_after) BM_REQUIRES(mutex_);

  static constexpr std::uint64_t part_of_budget = 8;

  const std::uint64_t most_memory_;

  mutable Mutex mutex_;
  DiskTable table_ BM_GUARDED_BY(mutex_);
  std::unordered_map<DiskName, std::weak_ptr<const DiskEntry>> held_ BM_GUARDED_BY(mutex_);
  std::size_t sweep_held_at_ BM_GUARDED_BY(mutex_) = 64;
  std::uint64_t bytes_ BM_GUARDED_BY(mutex_) = 0;
  std::size_t pages_memory_ BM_GUARDED_BY(mutex_) = 0;  ///< what page sets take beside the table
  MemoryBudget::Charge charge_ BM_GUARDED_BY(mutex_);
  OpenDiskFiles open_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
