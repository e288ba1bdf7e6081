#include "tree/walks.hpp"

#include <algorithm>
#include <utility>

namespace blobmount {
namespace {

/// Who walks opens the next directory within that time.
constexpr auto longest_pause = std::chrono::seconds{5};
/// Directories in which somebody was of late; above that they are forgotten.
constexpr std::size_t most_descents = 1024;
/// A page of a listing: as much may be listed once more, flat, for what it saves.
constexpr std::size_t one_page = 5000;
/// So many directories beside one that is opened are listed at the same time.
constexpr std::size_t most_beside = 8;

}  // namespace

/// Nearest first, as far as what is mounted.
std::vector<Location> Walks::above(const Location& directory) const {
  std::vector<Location> above;
  auto where = directory;
  while (!where.is_account() && (where.container != top_.container || where.path.size() > top_.path.size())) {
    where = parent_of(where).first;
    above.push_back(where);
  }
  return above;
}

bool Walks::opened(const Location& directory, Completion<SharedSnapshot> done) {
  const auto above = this->above(directory);
  if (above.empty()) return false;
  const auto& parent = above.front();
  std::shared_ptr<FlatListing> flat;
  Idle idle;
  std::shared_ptr<FlatListing> started;
  bool beside = false;
  Beside listed;
  {
    const MutexLock lock(mutex_);
    idle = take_idle();
    const auto& descent = note(directory, above);
    flat = covering(directory, above);
    if (auto found = beside_.extract(directory.to_string())) listed = std::move(found.mapped());
    const bool walks = descent.children >= 2;
    if (!flat && walks && !directory.is_account() && !under_way(parent)) {
      const bool parent_is_small = !parent.is_account() && descent.entries_below <= one_page;
      if (parent_is_small && may_list_flat(parent)) {
        flat = started = start_flat(parent);
      } else if (descent.deeper && may_list_flat(directory)) {
        started = start_flat(directory);  // itself is listed alone: it need not wait for all that is below it
      } else {
        beside = true;
      }
    }
  }
  for (const auto& unused : idle.flat) unused->stop();
  if (beside) list_beside(directory, parent);
  if (!flat && listed.snapshot) {
    auto snapshot = std::exchange(listed.snapshot, nullptr);
    snapshot->wait_for(0, [snapshot, done = std::move(done)](Result<std::size_t> count) {
      if (!count) return done(std::move(count).error());
      done(snapshot);
    });
    snapshot.reset();  // it does not go on where it is not wanted, for its age
    listed.listing->go_on();
    return true;
  }
  if (flat) flat->wait_for(directory, std::move(done));
  if (started) started->start();
  return flat != nullptr;
}

/// The flat listing that is to tell of `directory`, if any.
std::shared_ptr<FlatListing> Walks::covering(const Location& directory,
                                             const std::vector<Location>& above) const {
  for (const auto& where : above) {
    if (auto flat = flat_at(where); flat && flat->covers(directory)) return flat;
  }
  return nullptr;
}

std::shared_ptr<FlatListing> Walks::flat_at(const Location& where) const {
  const auto found = flat_.find(where.to_string());
  return found != flat_.end() ? found->second : nullptr;
}

bool Walks::under_way(const Location& where) const {
  const auto flat = flat_at(where);
  return flat && !flat->ended();
}

/// What has passed by once, for little use, does not begin again for each directory that it has not told of.
bool Walks::may_list_flat(const Location& where) const {
  if (not_by_name_) return false;
  const auto last = flat_at(where);
  return !last || (last->ended() && last->paid_off());
}

bool Walks::walked(const std::string& place, SteadyTime now) const {
  const auto descent = descents_.find(place);
  return descent != descents_.end() && now - descent->second.last <= longest_pause;
}

Walks::Descent& Walks::note(const Location& directory, const std::vector<Location>& above) {
  const auto now = clock_.now();
  if (descents_.size() > most_descents) {
    std::erase_if(descents_,
                  [now](const auto& descent) { return now - descent.second.last > longest_pause; });
    if (descents_.size() > most_descents) descents_.clear();
  }
  auto& descent = descents_[above.front().to_string()];
  if (now - descent.last > longest_pause) descent = {};
  descent.last = now;
  if (auto child = parent_of(directory).second; child != descent.last_child) {
    ++descent.children;
    descent.last_child = std::move(child);
  }
  for (const auto& where : std::span(above).subspan(1)) {
    const auto found = descents_.find(where.to_string());
    if (found == descents_.end()) continue;
    found->second.deeper = true;
    found->second.last = now;
  }
  return descent;
}

std::shared_ptr<FlatListing> Walks::start_flat(const Location& where) {
  auto flat = std::make_shared<FlatListing>(store_, snapshots_, budget_, clock_, where, on_listed_);
  flat_.insert_or_assign(where.to_string(), flat);
  return flat;
}

Walks::Idle Walks::take_idle() {
  const auto now = clock_.now();
  Idle taken;
  for (auto flat = flat_.begin(); flat != flat_.end();) {
    not_by_name_ |= flat->second->not_by_name();
    const bool idle = now - flat->second->last_use() > longest_pause;
    if (idle) taken.flat.push_back(flat->second);
    flat = idle && !walked(flat->first, now) ? flat_.erase(flat) : std::next(flat);
  }
  for (auto beside = beside_.begin(); beside != beside_.end();) {
    const bool idle = !walked(beside->second.parent, now);
    if (idle) taken.beside.push_back(std::move(beside->second));
    beside = idle ? beside_.erase(beside) : std::next(beside);
  }
  return taken;
}

/// The next directories of `parent` behind `directory`.
void Walks::list_beside(const Location& directory, const Location& parent) {
  const auto siblings = snapshots_.find(parent);
  const auto here = siblings ? siblings->index_of(parent_of(directory).second) : std::nullopt;
  if (!here) return;
  std::vector<std::shared_ptr<ListingAhead>> starts;
  {
    const MutexLock lock(mutex_);
    for (auto index = *here + 1; index < siblings->size() && beside_.size() < most_beside; ++index) {
      const auto item = siblings->item(index);
      if (item.name.empty() || item.kind != FileKind::directory) continue;
      const auto where = parent.child_directory(item.name);
      if (snapshots_.find(where) || beside_.contains(where.to_string())) continue;
      auto beside = list_ahead(where, parent);
      starts.push_back(beside.listing);
      beside_.emplace(where.to_string(), std::move(beside));
    }
  }
  for (const auto& listing : starts) listing->start();
}

/// It is yet to start.
Walks::Beside Walks::list_ahead(const Location& where, const Location& parent) {
  auto snapshot = std::make_shared<DirectorySnapshot>(budget_, where.path, clock_.now(),
                                                      DirectorySnapshot::Cause::walked);
  const std::weak_ptr<DirectorySnapshot> watched = snapshot;
  auto done = [this, where, watched](const Status& outcome) {
    const auto listed = watched.lock();
    if (outcome && listed) {
      if (const auto old = snapshots_.keep(where, listed)) on_listed_(where, *old, *listed);
    }
    forget_beside(where, listed);
  };
  auto listing = listing_ahead(store_, clock_, containers_, where, watched, std::move(done));
  return {parent.to_string(), std::move(snapshot), std::move(listing)};
}

void Walks::forget_beside(const Location& where, const SharedSnapshot& snapshot) {
  Beside forgotten;  // with which the listing may end, once the lock is free
  const MutexLock lock(mutex_);
  const auto found = beside_.find(where.to_string());
  if (found == beside_.end() || found->second.snapshot != snapshot) return;
  forgotten = std::move(found->second);
  beside_.erase(found);
}

void Walks::used(const Location& directory) {
  const auto above = this->above(directory);
  std::vector<std::shared_ptr<FlatListing>> concerned;
  {
    const MutexLock lock(mutex_);
    if (flat_.empty()) return;
    for (const auto& where : above) {
      if (auto flat = flat_at(where)) concerned.push_back(std::move(flat));
    }
  }
  for (const auto& flat : concerned) flat->used(directory);
}

void Walks::stop() {
  std::vector<std::shared_ptr<FlatListing>> stopped;
  std::unordered_map<std::string, Beside> beside;  // which end when nobody has them
  {
    const MutexLock lock(mutex_);
    for (auto& [where, flat] : std::exchange(flat_, {})) stopped.push_back(std::move(flat));
    beside = std::exchange(beside_, {});
  }
  for (const auto& flat : stopped) flat->stop();
}

void Walks::listed(const Location& directory, std::size_t entries) {
  const auto above = this->above(directory);
  const MutexLock lock(mutex_);
  for (const auto& where : above) {
    if (const auto found = descents_.find(where.to_string()); found != descents_.end())
      found->second.entries_below += entries;
  }
}

}  // namespace blobmount
