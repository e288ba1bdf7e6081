#pragma once

/// Which versions and pages are on disk, in what order they were used, and what they take there. Remembers
/// only: it touches no file.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "blobmount/byte_source.hpp"

#include "base/annotated_mutex.hpp"
#include "cache/disk_file.hpp"
#include "cache/disk_format.hpp"
#include "cache/disk_page_set.hpp"

namespace blobmount {

/// A version that has files on disk. What is not const belongs to the index. Who holds one says that it is in
/// use.
struct DiskEntry {
  DiskEntry(DiskName its_name, std::uint64_t its_bytes) : name(its_name), bytes(its_bytes) {}

  const DiskName name;
  std::optional<DiskIdentity> identity{};  ///< nothing: nobody has looked; empty: nothing that could be used
  PageSet pages{};
  std::uint64_t bytes;  ///< what the files take on the disk
  std::weak_ptr<DiskFile> file{};
};
using SharedEntry = std::shared_ptr<DiskEntry>;

/// Safe to use from any thread. An entry that is no longer in the index may be given to any method, and has
/// no effect.
class DiskIndex {
 public:
  struct Plan {
    SharedEntry entry;  ///< null: not on disk
    std::vector<PageRun> runs;
  };
  /// Where the pages of a fetch are: all absent, while the entry is unread. Counts as a use of the version.
  Plan plan(const DiskIdentity& identity, PageRange pages) BM_EXCLUDES(mutex_);
  /// The version's entry, read or not, or one that stands in its place; or null.
  [[nodiscard]] SharedEntry find(DiskName name) const BM_EXCLUDES(mutex_);
  /// Whether only its side file can tell what it holds.
  [[nodiscard]] bool unread(const SharedEntry& entry) const BM_EXCLUDES(mutex_);
  [[nodiscard]] bool is_of(const SharedEntry& entry, const DiskIdentity& identity) const BM_EXCLUDES(mutex_);
  /// Whether all pages of the version are on disk.
  [[nodiscard]] bool complete(const DiskIdentity& identity) const BM_EXCLUDES(mutex_);

  /// A version's files were found, not used since those that were found before.
  void found(DiskName name, std::uint64_t bytes) BM_EXCLUDES(mutex_);
  /// The side file of an unread entry was read.
  void learn(const SharedEntry& entry, const DiskIdentity& identity, PageSet pages) BM_EXCLUDES(mutex_);
  /// It was read in vain: the entry only takes space, until its files are replaced.
  void give_up(const SharedEntry& entry) BM_EXCLUDES(mutex_);
  /// Files without pages were made. There is no entry of that name.
  SharedEntry insert(const DiskIdentity& identity) BM_EXCLUDES(mutex_);
  void wrote(const SharedEntry& entry, PageRange pages) BM_EXCLUDES(mutex_);
  /// The page cannot be used. Whether it was there until now.
  bool lost(const SharedEntry& entry, std::uint64_t page) BM_EXCLUDES(mutex_);
  /// Its files were removed. What they took on the disk.
  std::uint64_t forget(const SharedEntry& entry) BM_EXCLUDES(mutex_);

  /// What all of them take on the disk.
  [[nodiscard]] std::uint64_t bytes() const BM_EXCLUDES(mutex_);
  /// What one takes there; 0 for null.
  [[nodiscard]] std::uint64_t bytes_of(const SharedEntry& entry) const BM_EXCLUDES(mutex_);
  /// The one to evict next, if not `keep`: the least recently used of those that are not in use, or else of
  /// those that are. Null: there is no other.
  [[nodiscard]] SharedEntry least_used(const SharedEntry& keep) const BM_EXCLUDES(mutex_);

  /// It cannot be evicted: as if it had just been used.
  void postpone(const SharedEntry& entry) BM_EXCLUDES(mutex_);

  /// The files, if they are open.
  [[nodiscard]] std::shared_ptr<DiskFile> file(const SharedEntry& entry) const BM_EXCLUDES(mutex_);
  /// They were opened: keep them so, until many others have been opened since. Returns those that another
  /// thread opened before, if there are any.
  std::shared_ptr<DiskFile> keep_open(const SharedEntry& entry, std::shared_ptr<DiskFile> file)
      BM_EXCLUDES(mutex_);
  /// They cannot be written: who needs them next opens them anew.
  void let_go(const SharedEntry& entry) BM_EXCLUDES(mutex_);
  /// All that are open, the least recently used first.
  [[nodiscard]] std::vector<std::shared_ptr<DiskFile>> open_files() const BM_EXCLUDES(mutex_);

 private:
  using Order = std::list<SharedEntry>;

  SharedEntry add(DiskName name, std::uint64_t bytes) BM_REQUIRES(mutex_);
  void resize(DiskEntry& entry, std::uint64_t bytes) BM_REQUIRES(mutex_);
  [[nodiscard]] bool knows(const SharedEntry& entry) const BM_REQUIRES(mutex_);

  mutable Mutex mutex_;
  Order by_use_ BM_GUARDED_BY(mutex_);  ///< the least recently used first
  std::unordered_map<DiskName, Order::iterator> by_name_ BM_GUARDED_BY(mutex_);
  std::uint64_t bytes_ BM_GUARDED_BY(mutex_) = 0;
  std::deque<std::shared_ptr<DiskFile>> open_ BM_GUARDED_BY(mutex_);  ///< in the order they were opened
};

}  // namespace blobmount
