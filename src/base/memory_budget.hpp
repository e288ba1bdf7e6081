#pragma once

/// One budget for all that is kept in memory (`--memory`): what is charged here, pages of blobs may
/// not take, from the next one on that is fetched.

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace blobmount {

/// Bytes. Safe to use from any thread; outlives its charges.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t total) : total_(total) {}

  [[nodiscard]] std::uint64_t total() const { return total_; }
  /// What is left for pages. Never less than a quarter: reads go on, however large the directories are.
  [[nodiscard]] std::uint64_t left_for_pages() const {
    const auto charged = charged_.load(std::memory_order_relaxed);
    return std::max(total_ / 4, total_ - std::min(total_, charged));
  }

  /// Holds `bytes` while it lives.
  class Charge {
   public:
    Charge(MemoryBudget& budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {
      budget_.charged_ += bytes_;
    }
    ~Charge() { budget_.charged_ -= bytes_; }
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;

   private:
    MemoryBudget& budget_;
    const std::uint64_t bytes_;
  };

 private:
  const std::uint64_t total_;
  std::atomic<std::uint64_t> charged_{0};
};

}  // namespace blobmount
