#include "cache/disk_space.hpp"

#include <string>
#include <utility>
#include <vector>

namespace blobmount {

Result<bool> DiskSpace::make_room(std::uint64_t bytes, const SharedEntry& keep) {
  // else a blob larger than the cache would drive out all others, and win nothing by it
  if (store_.index().bytes_of(keep) + bytes > size_) return false;
  while (store_.index().bytes() + bytes > size_ || store_.index().full()) {
    BM_ASSIGN(freed, evict_one(keep));
    if (!freed) return false;
  }

  BM_ASSIGN(free, store_.free_space());
  while (free < free_space_ + bytes) {
    // what it frees is counted here: the file system may take its time
    BM_ASSIGN(freed, evict_one(keep));
    if (!freed) return Error{ErrorCode::no_space, "only " + std::to_string(free) + " bytes are free"};
    free += *freed;
  }
  return true;
}

Result<std::optional<std::uint64_t>> DiskSpace::evict_one(const SharedEntry& keep) {
  std::vector<SharedEntry> stuck;  // is in use as long as it is held here, so that all others come first
  std::optional<Error> failure;
  while (const auto victim = store_.index().least_used(keep)) {
    if (!stuck.empty() && victim == stuck.front()) break;
    const auto freed = store_.evict(victim);
    if (freed) {
      ++evicted_;
      return std::optional(*freed);
    }
    if (!failure) failure = freed.error();
    store_.index().postpone(victim);
    stuck.push_back(victim);
  }
  if (failure) return *std::move(failure);
  return std::optional<std::uint64_t>{};
}

}  // namespace blobmount
