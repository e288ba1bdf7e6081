#pragma once

/// Keeps the disk tier within its limits, and its index within its share of the memory: evicts the versions
/// that were used least recently.

#include <atomic>
#include <cstdint>
#include <optional>

#include "blobmount/result.hpp"

#include "cache/disk_store.hpp"

namespace blobmount {

/// In bytes.
struct DiskLimits {
  std::uint64_t size = 10ULL << 30U;       ///< all files together take no more
  std::uint64_t free_space = 1ULL << 30U;  ///< left free on their file system
  std::uint64_t waiting = 16ULL << 20U;    ///< pages that wait to be written, in memory; more are dropped
};

/// For the writer's thread; evicted() for any.
class DiskSpace {
 public:
  DiskSpace(DiskStore& store, const DiskLimits& limits)
      : store_(store), size_(limits.size), free_space_(limits.free_space) {}

  /// From now on; what is too much by then goes with the next make_room(). On any thread.
  void set_limits(std::uint64_t size, std::uint64_t free_space) {
    size_ = size;
    free_space_ = free_space;
  }

  /// Evict until `bytes` more can be written, and remembered, but not `keep`. False: together with `keep`
  /// they would be more than there may be, and nothing was evicted. no_space: the file system has not that
  /// much, though nothing is left to evict.
  Result<bool> make_room(std::uint64_t bytes, const SharedEntry& keep);
  /// Evict one version, if there is one other than `keep`. What that frees. An Error where none of them can
  /// be removed; one that cannot is tried again when its turn comes once more.
  Result<std::optional<std::uint64_t>> evict_one(const SharedEntry& keep);

  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }
  [[nodiscard]] std::uint64_t most_bytes() const { return size_; }

 private:
  DiskStore& store_;
  std::atomic<std::uint64_t> size_, free_space_;  ///< DiskLimits
  std::atomic<std::uint64_t> evicted_{0};
};

}  // namespace blobmount
