#pragma once

/// The memory that pages are kept in: taken from the system once, then handed round. On virtual machines that
/// give free memory back to their host, the first touch of fresh memory costs 0.5 to 3.5 s of CPU for a GiB;
/// a page that was used before costs nothing.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "blobmount/byte_source.hpp"

#include "base/annotated_mutex.hpp"
#include "base/memory_budget.hpp"

namespace blobmount {

/// Safe to use from any thread; outlives its pages.
class PagePool {
 public:
  /// Throws std::bad_alloc where the system has no such address space.
  explicit PagePool(const MemoryBudget& budget);
  ~PagePool();
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;

  /// `count` pages, whatever they hold; or none at all, if that would be more than the budget.
  std::vector<PageBuffer> take(std::size_t count) BM_EXCLUDES(mutex_);
  /// Whether more are taken than the budget allows by now.
  [[nodiscard]] bool is_over() const BM_EXCLUDES(mutex_);
  /// Give back to the system what lies ready, as far as the budget does not allow it any more.
  void trim() BM_EXCLUDES(mutex_);
  /// Give back to the system all that lies ready.
  void give_back_all() BM_EXCLUDES(mutex_);
  /// How many take() would give now.
  [[nodiscard]] std::size_t available() const BM_EXCLUDES(mutex_);
  /// How many are taken now.
  [[nodiscard]] std::size_t taken() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return taken_;
  }
  /// How many the budget allows, taken ones included.
  [[nodiscard]] std::size_t limit() const {
    return static_cast<std::size_t>(budget_.left_for_pages() / page_size);
  }

 private:
  [[nodiscard]] std::byte* take_one() BM_REQUIRES(mutex_);
  /// Whether there is more.
  bool give_back_some() BM_EXCLUDES(mutex_);
  void cool_one() BM_REQUIRES(mutex_);
  void give_back(std::byte* page) BM_EXCLUDES(mutex_);

  const MemoryBudget& budget_;
  const std::size_t size_;  ///< bytes
  std::byte* const memory_;

  mutable Mutex mutex_;
  std::size_t taken_ BM_GUARDED_BY(mutex_) = 0;
  std::size_t untouched_ BM_GUARDED_BY(mutex_) = 0;     ///< pages from here on were never used
  std::vector<std::byte*> warm_ BM_GUARDED_BY(mutex_);  ///< the system's memory stands behind them
  std::vector<std::byte*> cold_ BM_GUARDED_BY(mutex_);  ///< it was given back
};

}  // namespace blobmount
