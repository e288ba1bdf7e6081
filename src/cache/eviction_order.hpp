#pragma once

/// Which block goes when memory is short: S3-FIFO, so that one pass over a huge blob does not throw out what
/// is hot (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023). A block that comes in
/// waits in a small queue; only those used again meanwhile get into the main one; those that went are
/// remembered by name for a while, and get there at once if they come back. Pure arithmetic.

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <unordered_set>

namespace blobmount {

/// For one thread at a time.
class EvictionOrder {
 public:
  /// Part of what can be evicted; stays where it is while it is in the order.
  struct Entry {
    std::uint64_t name = 0;  ///< is remembered when the entry has gone; that two share one does no harm

   private:
    friend class EvictionOrder;
    enum class Place : std::uint8_t { nowhere, abandoned, ahead, probation, kept };
    Place place = Place::nowhere;
    std::list<Entry*>::iterator position{};
    std::uint64_t pages = 0;
    std::uint64_t used_at = 0;
    int uses = 0;
  };

  /// `entry` comes in, without pages yet. `ahead`: nobody has read it.
  void add(Entry& entry, bool ahead);
  /// It takes `pages` more, or fewer.
  void grow(Entry& entry, std::int64_t pages);
  void used(Entry& entry);
  /// Nobody will read it soon: goes first.
  void abandon(Entry& entry);
  /// Abandon what was fetched ahead before the last `pages` pages came in.
  void abandon_older_than(std::uint64_t pages);
  void remove(Entry& entry);

  /// The one to go next, of those that `can_go`; null: none. What was fetched ahead and not read goes last,
  /// or stays.
  enum class Ahead : std::uint8_t { goes_last, stays };
  Entry* victim(Ahead ahead, const std::function<bool(const Entry&)>& can_go);
  /// `victim` goes.
  void evict(Entry& victim);

  /// Pages fetched ahead that nobody has read.
  [[nodiscard]] std::uint64_t ahead() const { return ahead_.pages; }

 private:
  struct Queue {
    std::list<Entry*> entries{};
    std::uint64_t pages = 0;
  };

  [[nodiscard]] Queue& queue_of(Entry::Place place);
  void enter(Entry& entry, Entry::Place place);
  void leave(Entry& entry);
  void remember(std::uint64_t name);
  [[nodiscard]] bool probation_is_next() const;
  Entry* victim_of(Queue& queue, const std::function<bool(const Entry&)>& can_go);

  Queue abandoned_{}, ahead_{}, probation_{}, kept_{};
  std::uint64_t clock_ = 0;  ///< pages that came in so far
  std::unordered_set<std::uint64_t> remembered_{};
  std::deque<std::uint64_t> remembered_in_order_{};
};

}  // namespace blobmount
