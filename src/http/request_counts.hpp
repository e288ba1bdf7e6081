#pragma once

/// What became of requests, by operation: numbers for metrics.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "blobmount/http.hpp"

#include "base/annotated_mutex.hpp"
#include "base/metrics.hpp"

namespace blobmount {

/// Tries of one operation.
struct OperationCounts {
  std::string operation{};                          ///< "get_blob"
  std::map<std::string, std::uint64_t> outcomes{};  ///< by "206", or by the error where no answer came
  std::uint64_t retries = 0;                        ///< of the tries: not the first of their request
  std::uint64_t received = 0;                       ///< bytes of bodies
  std::uint64_t in_flight = 0;
  Histogram::Snapshot first_byte{};  ///< answers only
  Histogram::Snapshot total{};       ///< of all tries, to their end
};

/// Safe to use from any thread. Takes a lock, twice for each request: not for what is done more often.
class RequestCounts {
 public:
  void began(const HttpRequest& request) BM_EXCLUDES(mutex_);
  /// A request of that operation, which has begun, has ended.
  void ended(std::string_view operation, const Result<HttpResponse>& outcome, std::uint64_t received,
             Histogram::Time took) BM_EXCLUDES(mutex_);

  [[nodiscard]] std::vector<OperationCounts> snapshot() const BM_EXCLUDES(mutex_);

 private:
  struct Counts {
    std::map<std::string, std::uint64_t> outcomes{};
    std::uint64_t retries = 0, received = 0, in_flight = 0;
    Histogram first_byte{}, total{};
  };

  mutable Mutex mutex_;
  std::map<std::string_view, Counts> by_operation_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
