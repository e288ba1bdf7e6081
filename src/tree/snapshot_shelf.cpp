#include "tree/snapshot_shelf.hpp"

#include <utility>

namespace blobmount {

std::optional<SharedSnapshot> SnapshotShelf::keep(const Location& where, SharedSnapshot snapshot) {
  Shelf gone;  // freed when the lock is free again
  const auto size = snapshot->footprint();
  const MutexLock lock(mutex_);
  if (dropped_ && snapshot->asked() <= *dropped_) return std::nullopt;
  auto place = where.to_string();
  SharedSnapshot replaced;
  if (const auto old = places_.find(place); old != places_.end()) {
    if (snapshot->asked() < old->second->snapshot->asked()) return std::nullopt;
    replaced = old->second->snapshot;
    remove(old->second, gone);
  }
  kept_.push_back({place, std::move(snapshot), size});
  places_.emplace(std::move(place), std::prev(kept_.end()));
  size_ += size;
  while (size_ > budget_.total() / 2 && kept_.size() > 1) remove(kept_.begin(), gone);
  return replaced;
}

SharedSnapshot SnapshotShelf::find(const Location& where) {
  const MutexLock lock(mutex_);
  const auto place = places_.find(where.to_string());
  if (place == places_.end()) return nullptr;
  kept_.splice(kept_.end(), kept_, place->second);
  return place->second->snapshot;
}

void SnapshotShelf::drop(const Location& where) {
  Shelf gone;
  const MutexLock lock(mutex_);
  if (const auto place = places_.find(where.to_string()); place != places_.end()) remove(place->second, gone);
}

void SnapshotShelf::drop_below(const Location& where, SteadyTime now) {
  Shelf gone;
  const auto above = where.to_string();
  const MutexLock lock(mutex_);
  dropped_ = now;
  for (auto kept = kept_.begin(); kept != kept_.end();) {
    const auto next = std::next(kept);
    if (where.is_account() || kept->place.starts_with(above)) remove(kept, gone);
    kept = next;
  }
}

void SnapshotShelf::remove(Shelf::iterator kept, Shelf& gone) {
  size_ -= kept->size;
  places_.erase(kept->place);
  gone.splice(gone.end(), kept_, kept);
}

}  // namespace blobmount
