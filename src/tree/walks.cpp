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
  std::vector<std::shared_ptr<FlatListing>> idle;
  std::shared_ptr<FlatListing> started;
  bool beside = false;
  SharedSnapshot listed;
  {
    const MutexLock lock(mutex_);
    idle = take_idle();
    const auto& descent = note(directory, above);
    flat = covering(directory, above);
    if (const auto found = beside_.extract(directory.to_string()); !flat && found) listed = found.mapped();
    const bool walks = descent.children >= 2;
    if (!flat && walks && !directory.is_account()) {
      const bool parent_is_small = !parent.is_account() && descent.entries_below <= one_page;
      if (parent_is_small && !not_by_name_) {
        flat = started = start_flat(parent);
      } else if (descent.deeper && !not_by_name_ && !flat_at(directory)) {
        started = start_flat(directory);  // itself is listed alone: it need not wait for all that is below it
      } else {
        beside = true;
      }
    }
  }
  for (const auto& unused : idle) unused->stop();
  if (beside) list_beside(directory, parent);
  if (listed) {
    listed->wait_for(0, [listed, done = std::move(done)](Result<std::size_t> count) {
      if (!count) return done(std::move(count).error());
      done(listed);
    });
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

/// Those that are over are forgotten on the way.
std::vector<std::shared_ptr<FlatListing>> Walks::take_idle() {
  const auto now = clock_.now();
  std::vector<std::shared_ptr<FlatListing>> taken;
  for (auto flat = flat_.begin(); flat != flat_.end();) {
    not_by_name_ |= flat->second->not_by_name();
    const bool idle = now - flat->second->last_use() > longest_pause;
    if (idle) taken.push_back(flat->second);
    flat = idle || flat->second->ended() ? flat_.erase(flat) : std::next(flat);
  }
  return taken;
}

/// The next directories of `parent` behind `directory`.
void Walks::list_beside(const Location& directory, const Location& parent) {
  const auto siblings = snapshots_.find(parent);
  const auto here = siblings ? siblings->index_of(parent_of(directory).second) : std::nullopt;
  if (!here) return;
  std::vector<std::pair<Location, SharedSnapshot>> starts;
  const auto now = clock_.now();
  {
    const MutexLock lock(mutex_);
    for (auto index = *here + 1; index < siblings->size() && beside_.size() < most_beside; ++index) {
      const auto item = siblings->item(index);
      if (item.name.empty() || item.kind != FileKind::directory) continue;
      const auto where = parent.child_directory(item.name);
      if (snapshots_.find(where) || beside_.contains(where.to_string())) continue;
      auto snapshot =
          std::make_shared<DirectorySnapshot>(budget_, where.path, now, DirectorySnapshot::Cause::walked);
      beside_.emplace(where.to_string(), snapshot);
      starts.emplace_back(where, std::move(snapshot));
    }
  }
  for (auto& [where, snapshot] : starts) list_ahead(where, std::move(snapshot));
}

void Walks::list_ahead(const Location& where, SharedSnapshot snapshot) {
  const std::weak_ptr<DirectorySnapshot> watched = snapshot;
  list_directory(store_, clock_, containers_, where, std::move(snapshot),
                 [this, where, watched](const Status& outcome) {
                   const auto complete = watched.lock();
                   if (outcome && complete) {
                     if (const auto old = snapshots_.keep(where, complete))
                       on_listed_(where, *old, *complete);
                   }
                   const MutexLock lock(mutex_);
                   beside_.erase(where.to_string());
                 });
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
  std::unordered_map<std::string, SharedSnapshot> beside;  // which end when nobody has them
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
