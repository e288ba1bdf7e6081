#pragma once

/// What the kernel has asked, how long it waited for the answers, and what was refused: numbers for metrics.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"
#include "base/metrics.hpp"

namespace blobmount {

enum class Operation : std::uint8_t {
  look_up,
  get_attributes,
  open,
  read,
  flush,
  release,
  open_directory,
  read_directory,
  release_directory,
  get_extended_attribute,
  list_extended_attributes,
  statistics
};
inline constexpr std::size_t all_operations = 12;

/// As the kernel calls it: "lookup".
std::string_view name_of(Operation operation);

/// Safe to use from any thread.
class KernelRequests {
 public:
  /// Error numbers are below that.
  static constexpr std::size_t error_numbers = 134;

  void answered(Operation operation, Histogram::Time took) { times_[index_of(operation)].observe(took); }
  /// One of those answered was refused.
  void refused(Operation operation, int error_number) {
    const auto number = static_cast<std::size_t>(error_number);
    if (number < error_numbers) refusals_[index_of(operation)][number].add();
  }
  void gave(std::uint64_t bytes) { bytes_.add(bytes); }
  /// For people: what a process was refused that no longer is there, or was never, is no news.
  void note_failure(std::string sentence, WallTime now) BM_EXCLUDES(mutex_);

  struct Failure {
    std::string sentence{};  ///< empty: there was none
    WallTime when{};
  };
  [[nodiscard]] Failure last_failure() const BM_EXCLUDES(mutex_);
  [[nodiscard]] Histogram::Snapshot times(Operation operation) const {
    return times_[index_of(operation)].snapshot();
  }
  [[nodiscard]] std::uint64_t refusals(Operation operation, std::size_t error_number) const {
    return refusals_[index_of(operation)][error_number].value();
  }
  /// Of files, that were read.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_.value(); }

 private:
  static std::size_t index_of(Operation operation) { return static_cast<std::size_t>(operation); }

  std::array<Histogram, all_operations> times_{};
  std::array<std::array<Counter, error_numbers>, all_operations> refusals_{};
  Counter bytes_{};

  mutable Mutex mutex_;
  Failure last_failure_ BM_GUARDED_BY(mutex_);
};

/// Counts a request that is answered before the function returns.
class AnsweredAtOnce {
 public:
  AnsweredAtOnce(KernelRequests& requests, Operation operation)
      : requests_(requests), operation_(operation) {}
  ~AnsweredAtOnce() { requests_.answered(operation_, std::chrono::steady_clock::now() - began_); }
  AnsweredAtOnce(const AnsweredAtOnce&) = delete;
  AnsweredAtOnce& operator=(const AnsweredAtOnce&) = delete;

 private:
  KernelRequests& requests_;
  const Operation operation_;
  const SteadyTime began_ = std::chrono::steady_clock::now();
};

}  // namespace blobmount
