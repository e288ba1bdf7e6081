#pragma once

/// The fetch planner: which fetches become which request, and when. What is waited for goes before what is
/// ahead, in one request too; neighbours go together, and neither the account nor one blob has more requests
/// under way than is good for it. A value, without I/O.

#include <cstdint>
#include <list>
#include <map>
#include <vector>

#include "blobmount/byte_source.hpp"

namespace blobmount {

struct FetchLimits {
  unsigned account = 96;        ///< requests at once
  unsigned account_ahead = 64;  ///< of them, for what nobody waits for yet
  unsigned blob = 40;
  unsigned blob_ahead = 32;
  /// Neighbours are joined up to this size, or the size of the largest of them.
  std::uint64_t joined = 1ULL << 20U;
  /// The same where there are more fetches than requests that may be made for them.
  std::uint64_t joined_when_busy = 16ULL << 20U;
};

/// For one thread at a time.
class FetchQueue {
 public:
  /// Neighbours, in their order: one request.
  using Group = std::vector<SharedFetch>;

  explicit FetchQueue(FetchLimits limits) : limits_(limits) {}

  void add(SharedFetch fetch) { waiting_.push_back(std::move(fetch)); }
  /// What is to be requested now. Call finished() for each when its request has ended.
  std::vector<Group> take();
  void finished(const Group& group);
  /// Those that nobody wants any more, taken out.
  std::vector<SharedFetch> take_unwanted();

 private:
  using Position = std::list<SharedFetch>::iterator;

  [[nodiscard]] Position next();
  [[nodiscard]] bool may_start(const Fetch& fetch) const;
  [[nodiscard]] Group with_neighbours(Position position);
  [[nodiscard]] Position find_neighbour(const Group& group, std::uint64_t room);

  const FetchLimits limits_;
  std::list<SharedFetch> waiting_{};
  unsigned under_way_ = 0;
  std::map<const BlobVersion*, unsigned> under_way_of_blob_{};
};

}  // namespace blobmount
