#pragma once

/// Keeps the snapshots of directories, within their part of the memory budget: those listed longest ago go
/// first. Whoever reads one keeps it alive meanwhile.

#include <list>
#include <unordered_map>

#include "base/annotated_mutex.hpp"
#include "base/memory_budget.hpp"
#include "tree/directory_snapshot.hpp"

namespace blobmount {

/// Safe to use from any thread.
class SnapshotShelf {
 public:
  /// `budget` outlives the shelf.
  explicit SnapshotShelf(MemoryBudget& budget) : budget_(budget) {}

  /// The latest one is kept, however large.
  void keep(SharedSnapshot snapshot) BM_EXCLUDES(mutex_);
  /// It is not needed any more; null is none.
  void drop(const SharedSnapshot& snapshot) BM_EXCLUDES(mutex_);

 private:
  struct Kept {
    SharedSnapshot snapshot;
    std::unique_ptr<MemoryBudget::Charge> charge;
    std::uint64_t size;
  };
  using Shelf = std::list<Kept>;

  MemoryBudget& budget_;
  Mutex mutex_;
  Shelf kept_ BM_GUARDED_BY(mutex_);  ///< oldest first
  std::unordered_map<const DirectorySnapshot*, Shelf::iterator> places_ BM_GUARDED_BY(mutex_);
  std::uint64_t size_ BM_GUARDED_BY(mutex_) = 0;  ///< bytes
};

}  // namespace blobmount
