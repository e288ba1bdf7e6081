#pragma once

/// What a fake service has been asked for.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "blobmount/http.hpp"

#include "base/annotated_mutex.hpp"
#include "fakes/fault_rules.hpp"

namespace blobmount::tests {

struct RecordedRequest {
  RequestKind kind = RequestKind::other;
  std::string name;                  ///< "container/blob", or the container and the prefix of a list
  std::optional<ByteRange> range{};  ///< of what was asked for by a range
};

struct ServiceCounts {
  std::array<std::uint64_t, request_kind_names.size()> requests{};
  std::uint64_t body_bytes = 0;  ///< of blobs; of those on their way, what is to be sent
  std::uint64_t most_gets_at_once = 0;

  [[nodiscard]] std::uint64_t of(RequestKind kind) const { return requests[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint64_t all() const;
};

/// Safe to use from any thread. A request is counted before it is answered, so whoever has an answer finds it
/// here.
class ServiceStats {
 public:
  [[nodiscard]] ServiceCounts counts() const BM_EXCLUDES(mutex_);
  /// The requests since the start or the last reset, in order of arrival; the first million of them.
  [[nodiscard]] std::vector<RecordedRequest> requests() const BM_EXCLUDES(mutex_);
  void reset() BM_EXCLUDES(mutex_);
  /// How many requests for that "container/blob" have come and not ended: neither with an answer nor because
  /// the client went away.
  [[nodiscard]] std::uint64_t under_way(const std::string& name) const BM_EXCLUDES(mutex_);

  void count(RecordedRequest request) BM_EXCLUDES(mutex_);
  void began(const std::string& name) BM_EXCLUDES(mutex_);
  void ended(const std::string& name) BM_EXCLUDES(mutex_);
  void get_began(std::uint64_t to_send) BM_EXCLUDES(mutex_);
  void get_ended(std::uint64_t not_sent) BM_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  ServiceCounts counts_ BM_GUARDED_BY(mutex_);
  std::vector<RecordedRequest> requests_ BM_GUARDED_BY(mutex_);
  std::map<std::string, std::uint64_t> under_way_ BM_GUARDED_BY(mutex_);
  std::uint64_t gets_now_ BM_GUARDED_BY(mutex_) = 0;
};

}  // namespace blobmount::tests
