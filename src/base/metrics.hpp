#pragma once

/// What components count with: numbers that any thread may add to and read, without a lock. What they are
/// called, and who reads them, is for MetricRegistry and src/app.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace blobmount {

/// Only grows. An addition costs some ns; one number for all threads was not measured to be slower than one
/// for each, with as many threads as serve a mount.
class Counter {
 public:
  void add(std::uint64_t more = 1) { value_.fetch_add(more, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// How long things took.
class Histogram {
 public:
  using Time = std::chrono::nanoseconds;

  /// Upper bounds of the buckets: from an answer out of memory to a request that is retried for a minute,
  /// four for each power of ten at first, where an SSD, a memory and a network have to be told apart.
  static constexpr std::array<Time, 18> bounds{
      std::chrono::microseconds{10},   std::chrono::microseconds{25},   std::chrono::microseconds{50},
      std::chrono::microseconds{100},  std::chrono::microseconds{250},  std::chrono::microseconds{500},
      std::chrono::milliseconds{1},    std::chrono::microseconds{2500}, std::chrono::milliseconds{5},
      std::chrono::milliseconds{10},   std::chrono::milliseconds{25},   std::chrono::milliseconds{50},
      std::chrono::milliseconds{100},  std::chrono::milliseconds{250},  std::chrono::seconds{1},
      std::chrono::milliseconds{2500}, std::chrono::seconds{10},        std::chrono::seconds{60}};

  void observe(Time took) {
    std::size_t bucket = 0;
    while (bucket < bounds.size() && took > bounds[bucket]) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
  }

  /// As it was at one time or other while it was copied; `counts` has one more than there are bounds, for
  /// what took longer than all.
  struct Snapshot {
    std::array<std::uint64_t, bounds.size() + 1> counts{};
    Time sum{0};

    [[nodiscard]] std::uint64_t count() const {
      std::uint64_t all = 0;
      for (const auto one : counts) all += one;
      return all;
    }
  };
  [[nodiscard]] Snapshot snapshot() const {
    Snapshot copy;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket)
      copy.counts[bucket] = counts_[bucket].load(std::memory_order_relaxed);
    copy.sum = Time{static_cast<Time::rep>(sum_.load(std::memory_order_relaxed))};
    return copy;
  }

 private:
  std::array<std::atomic<std::uint64_t>, bounds.size() + 1> counts_{};
  std::atomic<std::uint64_t> sum_{0};  ///< ns
};

}  // namespace blobmount
