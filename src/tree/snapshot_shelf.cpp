#include "tree/snapshot_shelf.hpp"

#include <utility>

namespace blobmount {

void SnapshotShelf::keep(SharedSnapshot snapshot) {
  Shelf gone;  // freed when the lock is free again
  const auto size = snapshot->footprint();
  const MutexLock lock(mutex_);
  const auto* const key = snapshot.get();
  kept_.push_back({std::move(snapshot), std::make_unique<MemoryBudget::Charge>(budget_, size), size});
  places_.emplace(key, std::prev(kept_.end()));
  size_ += size;
  while (size_ > budget_.total() / 2 && kept_.size() > 1) {
    size_ -= kept_.front().size;
    places_.erase(kept_.front().snapshot.get());
    gone.splice(gone.end(), kept_, kept_.begin());
  }
}

void SnapshotShelf::drop(const SharedSnapshot& snapshot) {
  Shelf gone;
  const MutexLock lock(mutex_);
  const auto place = places_.find(snapshot.get());
  if (place == places_.end()) return;
  size_ -= place->second->size;
  gone.splice(gone.end(), kept_, place->second);
  places_.erase(place);
}

}  // namespace blobmount
