#pragma once

/// One budget for all that is kept in memory (`--memory`): what is charged here, pages of blobs may
/// not take; who keeps pages is told when charges grow, and evicts some.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace blobmount {

/// What a charge is for. Pages are not charged: they take what is left.
enum class MemoryPurpose : std::uint8_t { listings, inodes, cache_index, local_files, rings, other };
inline constexpr std::size_t memory_purposes = 6;

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

  [[nodiscard]] std::uint64_t charged_for(MemoryPurpose purpose) const {
    return by_purpose_[static_cast<std::size_t>(purpose)].load(std::memory_order_relaxed);
  }

  /// Call `tell` whenever the charges have grown by a MiB: on any thread, which may hold any lock, so `tell`
  /// only takes note. To be called while no other thread charges anything.
  void on_growth(std::function<void()> tell) { tell_ = std::move(tell); }

  /// The same, whenever they have shrunk by 16 MiB: what was freed may be given back to the system, for pages
  /// will take as much.
  void on_shrinking(std::function<void()> tell) { tell_shrinking_ = std::move(tell); }

  /// Holds `bytes` while it lives. For one thread at a time.
  class Charge {
   public:
    explicit Charge(MemoryBudget& budget, std::uint64_t bytes = 0,
                    MemoryPurpose purpose = MemoryPurpose::other)
        : budget_(budget), purpose_(budget.by_purpose_[static_cast<std::size_t>(purpose)]) {
      resize(bytes);
    }
    ~Charge() { resize(0); }
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;

    void resize(std::uint64_t bytes) {
      const auto charged = budget_.charged_ += bytes - bytes_;  // less is more, around the clock
      purpose_.fetch_add(bytes - bytes_, std::memory_order_relaxed);
      bytes_ = bytes;
      budget_.changed(charged);
    }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

   private:
    MemoryBudget& budget_;
    std::atomic<std::uint64_t>& purpose_;
    std::uint64_t bytes_ = 0;
  };

 private:
  static constexpr std::uint64_t worth_telling = 1ULL << 20U;
  static constexpr std::uint64_t worth_giving_back = 16ULL << 20U;

  void changed(std::uint64_t charged) {
    tell_growth(charged);
    tell_shrinking(charged);
  }

  void tell_growth(std::uint64_t charged) {
    const auto told = told_.load(std::memory_order_relaxed);
    if (charged >= told && charged - told < worth_telling) return;
    told_.store(charged, std::memory_order_relaxed);
    if (charged > told && tell_) tell_();
  }

  void tell_shrinking(std::uint64_t charged) {
    const auto most = most_.load(std::memory_order_relaxed);
    if (charged < most && most - charged < worth_giving_back) return;
    most_.store(charged, std::memory_order_relaxed);
    if (charged < most && tell_shrinking_) tell_shrinking_();
  }

  const std::uint64_t total_;
  std::atomic<std::uint64_t> charged_{0};
  std::array<std::atomic<std::uint64_t>, memory_purposes> by_purpose_{};
  std::atomic<std::uint64_t> told_{0};  ///< what was charged when growth was told, or less since
  std::atomic<std::uint64_t> most_{0};  ///< what was charged at most since shrinking was told
  std::function<void()> tell_{}, tell_shrinking_{};
};

}  // namespace blobmount
