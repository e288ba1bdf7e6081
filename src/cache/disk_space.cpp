#include "cache/disk_space.hpp"

#include <string>

namespace blobmount {

Result<bool> DiskSpace::make_room(std::uint64_t bytes, const SharedEntry& keep) {
  // else a blob larger than the cache would drive out all others, and win nothing by it
  if (store_.index().bytes_of(keep) + bytes > limits_.size) return false;
  while (store_.index().bytes() + bytes > limits_.size) {
    BM_ASSIGN(freed, evict_one(keep));
    if (!freed) return false;
  }

  BM_ASSIGN(free, store_.free_space());
  while (free < limits_.free_space + bytes) {
    // what it frees is counted here: the file system may take its time
    BM_ASSIGN(freed, evict_one(keep));
    if (!freed) return Error{ErrorCode::no_space, "only " + std::to_string(free) + " bytes are free"};
    free += *freed;
  }
  return true;
}

Result<std::optional<std::uint64_t>> DiskSpace::evict_one(const SharedEntry& keep) {
  const auto victim = store_.index().least_used(keep);
  if (!victim) return std::optional<std::uint64_t>{};
  BM_ASSIGN(freed, store_.evict(victim));
  ++evicted_;
  return std::optional(freed);
}

}  // namespace blobmount
