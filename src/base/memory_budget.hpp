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

  /// Holds `bytes` while it lives. For one thread at a time.
  class Charge {
   public:
    explicit Charge(MemoryBudget& budget, std::uint64_t bytes = 0) : budget_(budget) { resize(bytes); }
    ~Charge() { resize(0); }
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;

    void resize(std::uint64_t bytes) {
      budget_.charged_ += bytes - bytes_;  // less is more, around the clock
      bytes_ = bytes;
    }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

   private:
    MemoryBudget& budget_;
    std::uint64_t bytes_ = 0;
  };

 private:
  const std::uint64_t total_;
  std::atomic<std::uint64_t> charged_{0};
};

}  // namespace blobmount
