#pragma once

/// Which files most bytes are read of, lately: a sketch that remembers few names, however many files there
/// are (Metwally et al., "Efficient Computation of Frequent and Top-k Elements in Data Streams", 2005).

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"

namespace blobmount {

/// Safe to use from any thread. Takes a lock for each addition: for what comes some hundred times a second.
class BusiestFiles {
 public:
  /// What counts as lately: older bytes weigh less and less.
  static constexpr std::chrono::seconds memory{10};
  /// A file whose share of all bytes is more than one in so many is never missed.
  static constexpr std::size_t most_names = 64;

  struct File {
    std::string name{};
    double bytes_per_second = 0;
  };

  void add(const std::string& name, std::uint64_t bytes, SteadyTime now) BM_EXCLUDES(mutex_);
  /// The busiest first. What came in the place of others may be shown busier than it is.
  [[nodiscard]] std::vector<File> top(std::size_t most, SteadyTime now) BM_EXCLUDES(mutex_);

 private:
  struct Entry {
    std::string name;
    double bytes;
  };
  void fade(SteadyTime now) BM_REQUIRES(mutex_);

  Mutex mutex_;
  std::vector<Entry> entries_ BM_GUARDED_BY(mutex_);
  SteadyTime faded_ BM_GUARDED_BY(mutex_){};
};

}  // namespace blobmount
