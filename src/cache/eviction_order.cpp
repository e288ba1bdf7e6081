#include "cache/eviction_order.hpp"

#include <algorithm>

namespace blobmount {

namespace {

/// The share of probation, as in the paper: a tenth.
constexpr std::uint64_t probation_share = 10;
constexpr int most_uses = 3;
/// Uses with fewer pages coming in between are one: a block is read in parts, and by several at a time.
constexpr std::uint64_t one_use = 64;
constexpr std::size_t longest_memory = 1U << 16U;

}  // namespace

EvictionOrder::Queue& EvictionOrder::queue_of(Entry::Place place) {
  if (place == Entry::Place::abandoned) return abandoned_;
  if (place == Entry::Place::ahead) return ahead_;
  return place == Entry::Place::kept ? kept_ : probation_;
}

void EvictionOrder::enter(Entry& entry, Entry::Place place) {
  auto& queue = queue_of(place);
  entry.place = place;
  entry.position = queue.entries.insert(queue.entries.end(), &entry);
  queue.pages += entry.pages;
}

void EvictionOrder::leave(Entry& entry) {
  auto& queue = queue_of(entry.place);
  queue.entries.erase(entry.position);
  queue.pages -= entry.pages;
  entry.place = Entry::Place::nowhere;
}

void EvictionOrder::add(Entry& entry, bool ahead) {
  entry.used_at = clock_;
  if (remembered_.erase(entry.name) > 0) return enter(entry, Entry::Place::kept);
  enter(entry, ahead ? Entry::Place::ahead : Entry::Place::probation);
}

void EvictionOrder::grow(Entry& entry, std::int64_t pages) {
  const auto change = static_cast<std::uint64_t>(pages);  // wraps round, as unsigned numbers do
  entry.pages += change;
  queue_of(entry.place).pages += change;
  if (pages > 0) clock_ += change;
}

void EvictionOrder::used(Entry& entry) {
  if (entry.place == Entry::Place::ahead || entry.place == Entry::Place::abandoned) {
    leave(entry);
    enter(entry, Entry::Place::probation);
  } else if (clock_ - entry.used_at > one_use) {
    entry.uses = std::min(entry.uses + 1, most_uses);
  }
  entry.used_at = clock_;
}

void EvictionOrder::abandon(Entry& entry) {
  if (entry.place != Entry::Place::ahead) return;
  leave(entry);
  enter(entry, Entry::Place::abandoned);
}

void EvictionOrder::abandon_older_than(std::uint64_t pages) {
  while (!ahead_.entries.empty() && clock_ - ahead_.entries.front()->used_at > pages) {
    abandon(*ahead_.entries.front());
  }
}

void EvictionOrder::remove(Entry& entry) { leave(entry); }

bool EvictionOrder::probation_is_next() const {
  if (kept_.entries.empty()) return true;
  return probation_.pages * probation_share > probation_.pages + kept_.pages;
}

EvictionOrder::Entry* EvictionOrder::victim(Ahead ahead, const std::function<bool(const Entry&)>& can_go) {
  auto* const first = probation_is_next() ? &probation_ : &kept_;
  auto* const second = first == &probation_ ? &kept_ : &probation_;
  for (auto* const queue : {&abandoned_, first, second}) {
    if (auto* const found = victim_of(*queue, can_go)) return found;
  }
  return ahead == Ahead::goes_last ? victim_of(ahead_, can_go) : nullptr;
}

EvictionOrder::Entry* EvictionOrder::victim_of(Queue& queue,
                                               const std::function<bool(const Entry&)>& can_go) {
  // each turn of the loop spends a use or passes an entry that cannot go
  for (auto turns = queue.entries.size() * (most_uses + 1); turns > 0 && !queue.entries.empty(); --turns) {
    auto& entry = *queue.entries.front();
    if (can_go(entry) && entry.uses == 0) return &entry;
    const bool promoted = entry.uses > 0 && entry.place == Entry::Place::probation;
    if (entry.uses > 0) --entry.uses;
    if (promoted) {
      entry.uses = 0;
      leave(entry);
      enter(entry, Entry::Place::kept);
    } else {
      queue.entries.splice(queue.entries.end(), queue.entries, entry.position);
    }
  }
  return nullptr;
}

void EvictionOrder::evict(Entry& victim) {
  if (victim.place == Entry::Place::probation) remember(victim.name);
  leave(victim);
}

void EvictionOrder::remember(std::uint64_t name) {
  if (!remembered_.insert(name).second) return;
  remembered_in_order_.push_back(name);
  const auto most = std::min(longest_memory, 64 + 2 * (kept_.entries.size() + probation_.entries.size()));
  while (remembered_in_order_.size() > most) {
    remembered_.erase(remembered_in_order_.front());
    remembered_in_order_.pop_front();
  }
}

}  // namespace blobmount
