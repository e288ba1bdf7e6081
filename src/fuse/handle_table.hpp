#pragma once

/// What the kernel's file handles stand for.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "base/annotated_mutex.hpp"

namespace blobmount {

/// Safe to use from any thread. Owns what is open, so nothing is left when a mount ends with files open.
template <typename T>
class HandleTable {
 public:
  std::uint64_t insert(std::shared_ptr<T> open) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    open_.emplace(next_, std::move(open));
    return next_++;
  }

  /// Only for a handle that insert() gave and erase() has not taken.
  [[nodiscard]] std::shared_ptr<T> find(std::uint64_t handle) const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return open_.at(handle);
  }

  void erase(std::uint64_t handle) BM_EXCLUDES(mutex_) {
    decltype(open_.extract(handle)) closed;  // ends after the lock
    const MutexLock lock(mutex_);
    closed = open_.extract(handle);
  }

  [[nodiscard]] std::size_t size() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return open_.size();
  }

 private:
  mutable Mutex mutex_;
  std::uint64_t next_ BM_GUARDED_BY(mutex_) = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<T>> open_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
