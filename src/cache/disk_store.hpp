#pragma once

/// The versions on disk: the index, and the files that it speaks of. Decides nothing: what is kept, and for
/// how long, is for DiskSpace and DiskWriter.

#include <cstdint>
#include <memory>
#include <utility>

#include "blobmount/result.hpp"

#include "base/memory_budget.hpp"
#include "cache/disk_file.hpp"
#include "cache/disk_format.hpp"
#include "cache/disk_index.hpp"
#include "cache/files.hpp"

namespace blobmount {

/// All but the index blocks for the disk. Safe to use from any thread, but for what the writer has to itself.
class DiskStore {
 public:
  /// With what is in `directory` already; if that is more versions than the index may remember, the least
  /// recently used are removed. `budget` outlives it.
  static Result<std::unique_ptr<DiskStore>> open(std::unique_ptr<CacheDirectory> directory,
                                                 MemoryBudget& budget);

  DiskStore(std::unique_ptr<CacheDirectory> directory, MemoryBudget& budget)
      : directory_(std::move(directory)), index_(budget, OpenDiskFiles::most_within(budget.total())) {}

  [[nodiscard]] DiskIndex& index() { return index_; }
  Result<std::uint64_t> free_space() { return directory_->free_space(); }

  /// Read the side file of the version, if there is one that nobody has read.
  Status learn(const DiskIdentity& identity);
  /// The files of an entry that is taken to be of that version; not_found or corrupt if they are not.
  Result<std::shared_ptr<DiskFile>> file(const SharedEntry& entry, const DiskIdentity& identity);
  /// Whose the files of that name are, and which. not_found; corrupt.
  Result<std::shared_ptr<DiskFile>> look_at(DiskName name);
  /// Let those in use be known as such by the next mount.
  void remember_use();

  // For the writer's thread alone, so that nobody makes files while others remove them:

  struct Writable {
    SharedEntry entry;
    std::shared_ptr<DiskFile> file;
  };
  /// The version's files, which are made if there are none of use.
  Result<Writable> writable(const DiskIdentity& identity);
  /// Remove its files, and forget it. What that frees.
  Result<std::uint64_t> evict(const SharedEntry& entry);

 private:
  const std::unique_ptr<CacheDirectory> directory_;
  DiskIndex index_;
};

}  // namespace blobmount
