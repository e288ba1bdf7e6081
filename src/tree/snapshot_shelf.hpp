#pragma once

/// Keeps the snapshots of directories, within their part of the memory budget: those that were not used for
/// the longest time go first. Whoever reads one keeps it alive meanwhile.

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"
#include "base/memory_budget.hpp"
#include "tree/directory_snapshot.hpp"
#include "tree/names.hpp"

namespace blobmount {

/// Safe to use from any thread.
class SnapshotShelf {
 public:
  /// `budget` outlives the shelf.
  explicit SnapshotShelf(MemoryBudget& budget) : budget_(budget) {}

  /// A complete one, in place of what was kept for `where`, which is returned; null: nothing was. The latest
  /// one is kept, however large. Nothing: it is not kept, because a younger one is, or because it was asked
  /// for before a drop_below().
  std::optional<SharedSnapshot> keep(const Location& where, SharedSnapshot snapshot) BM_EXCLUDES(mutex_);
  /// Null: none is kept.
  [[nodiscard]] SharedSnapshot find(const Location& where) BM_EXCLUDES(mutex_);
  void drop(const Location& where) BM_EXCLUDES(mutex_);
  /// Those of `where`, and of all that is below it, go; `now`: nor do those count that are on their way.
  void drop_below(const Location& where, SteadyTime now) BM_EXCLUDES(mutex_);

 private:
  struct Kept {
    std::string place;
    SharedSnapshot snapshot;
    std::uint64_t size;
  };
  using Shelf = std::list<Kept>;

  void remove(Shelf::iterator kept, Shelf& gone) BM_REQUIRES(mutex_);

  MemoryBudget& budget_;
  Mutex mutex_;
  Shelf kept_ BM_GUARDED_BY(mutex_);  ///< used longest ago first
  std::unordered_map<std::string, Shelf::iterator> places_ BM_GUARDED_BY(mutex_);
  std::uint64_t size_ BM_GUARDED_BY(mutex_) = 0;  ///< bytes
  std::optional<SteadyTime> dropped_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
