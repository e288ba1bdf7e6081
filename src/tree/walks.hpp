#pragma once

/// Recognises who walks through a tree of directories, and lists ahead: all that is below a directory in one
/// flat listing, which costs a request for 5,000 blobs instead of one for each directory; or, where a
/// directory has more than that, the next few beside it at the same time.

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "blobmount/blob_store.hpp"
#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"
#include "base/memory_budget.hpp"
#include "tree/flat_listing.hpp"
#include "tree/listing.hpp"
#include "tree/names.hpp"
#include "tree/snapshot_shelf.hpp"

namespace blobmount {

/// Safe to use from any thread. Completions run with no lock held.
class Walks {
 public:
  /// All of it outlives the walks. `top` is what is mounted: nobody comes from above it. `on_listed` is told
  /// what has been listed and kept.
  Walks(BlobStore& store, SnapshotShelf& snapshots, const ContainerFilter& containers, MemoryBudget& budget,
        Clock& clock, Location top, FlatListing::OnListed on_listed)
      : store_(store),
        snapshots_(snapshots),
        containers_(containers),
        budget_(budget),
        clock_(clock),
        top_(std::move(top)),
        on_listed_(std::move(on_listed)) {}
  ~Walks() { stop(); }
  Walks(const Walks&) = delete;
  Walks& operator=(const Walks&) = delete;

  /// `directory` is opened, and there is no listing of it that is young enough. True: one comes with a walk;
  /// `done` gets it, maybe before this returns, or an Error, and then it is to be listed alone. False: list
  /// it alone; `done` does not run.
  bool opened(const Location& directory, Completion<SharedSnapshot> done) BM_EXCLUDES(mutex_);
  /// A listing of `directory` was of use that was there already.
  void used(const Location& directory) BM_EXCLUDES(mutex_);
  /// `directory` was listed alone, and has so many entries.
  void listed(const Location& directory, std::size_t entries) BM_EXCLUDES(mutex_);
  /// Lists nothing ahead any more for now; who waits for that gets an Error.
  void stop() BM_EXCLUDES(mutex_);

 private:
  /// What was opened below a directory of late.
  struct Descent {
    std::string last_child{};
    unsigned children = 0;
    bool deeper = false;            ///< below its children, too
    std::size_t entries_below = 0;  ///< that were listed one directory at a time
    SteadyTime last{};
  };

  /// A listing beside one that was opened, before it is opened itself.
  struct Beside {
    std::string parent{};
    SharedSnapshot snapshot{};
    std::shared_ptr<ListingAhead> listing{};
  };
  /// What nobody walks to any more; let go of with no lock held.
  struct Idle {
    std::vector<std::shared_ptr<FlatListing>> flat{};
    std::vector<Beside> beside{};
  };

  [[nodiscard]] std::vector<Location> above(const Location& directory) const;
  [[nodiscard]] std::shared_ptr<FlatListing> covering(const Location& directory,
                                                      const std::vector<Location>& above) const
      BM_REQUIRES(mutex_);
  [[nodiscard]] std::shared_ptr<FlatListing> flat_at(const Location& where) const BM_REQUIRES(mutex_);
  [[nodiscard]] bool under_way(const Location& where) const BM_REQUIRES(mutex_);
  [[nodiscard]] bool may_list_flat(const Location& where) const BM_REQUIRES(mutex_);
  [[nodiscard]] bool walked(const std::string& place, SteadyTime now) const BM_REQUIRES(mutex_);
  Descent& note(const Location& directory, const std::vector<Location>& above) BM_REQUIRES(mutex_);
  std::shared_ptr<FlatListing> start_flat(const Location& where) BM_REQUIRES(mutex_);
  Beside list_ahead(const Location& where, const Location& parent);
  void list_beside(const Location& directory, const Location& parent) BM_EXCLUDES(mutex_);
  void forget_beside(const Location& where, const SharedSnapshot& snapshot) BM_EXCLUDES(mutex_);
  Idle take_idle() BM_REQUIRES(mutex_);

  BlobStore& store_;
  SnapshotShelf& snapshots_;
  const ContainerFilter& containers_;
  MemoryBudget& budget_;
  Clock& clock_;
  const Location top_;
  const FlatListing::OnListed on_listed_;

  Mutex mutex_;
  std::unordered_map<std::string, Descent> descents_ BM_GUARDED_BY(mutex_);  ///< by place
  /// Those that have ended, too, while the walk goes on: whether another one is worth it.
  std::unordered_map<std::string, std::shared_ptr<FlatListing>> flat_ BM_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Beside> beside_ BM_GUARDED_BY(mutex_);
  bool not_by_name_ BM_GUARDED_BY(mutex_) = false;  ///< the service lists otherwise: nothing is listed flat
};

}  // namespace blobmount
