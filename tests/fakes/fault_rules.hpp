#pragma once

/// What goes wrong at a fake service, and for which requests: rules that count.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/annotated_mutex.hpp"

namespace blobmount::tests {

enum class RequestKind : std::uint8_t {
  list_containers,
  get_container,
  list_blobs,
  head_blob,
  get_blob,
  other
};
inline constexpr std::array<std::string_view, 6> request_kind_names{
    "list_containers", "get_container", "list_blobs", "head_blob", "get_blob", "other"};

enum class FaultKind : std::uint8_t {
  status,        ///< answer with `status` and `code`, and Retry-After where `retry_after` is not 0
  reset,         ///< RST after `bytes` of the body; 0: before the head
  truncate,      ///< the connection ends after `bytes` of the body
  stall,         ///< after `bytes` of the body (0: before the head) nothing for `time`; 0: for good
  drip,          ///< after `bytes` of the body the rest comes at `rate` bytes a second
  wrong_length,  ///< Content-Length and the body are `bytes` more or fewer than the range; the rest is right
  wrong_range,   ///< Content-Range says `bytes` further on than the body is from
  wrong_etag,    ///< the ETag of another version
  empty_page,    ///< a List page with nothing but a marker
};
inline constexpr std::array<std::string_view, 9> fault_kind_names{"status",      "reset",      "truncate",
                                                                  "stall",       "drip",       "wrong_length",
                                                                  "wrong_range", "wrong_etag", "empty_page"};

struct Fault {
  FaultKind kind = FaultKind::status;
  int status = 500;
  std::string code = "InternalError";
  std::chrono::seconds retry_after{0};
  std::int64_t bytes = 0;
  double rate = 1;
  std::chrono::milliseconds time{0};
};

/// Hits the request number `first` of those that match, then each `every`-th after it, at most `times` in
/// all.
struct FaultRule {
  Fault fault{};
  std::optional<RequestKind> request{};  ///< nothing: any
  std::string name{};                    ///< part of "container/blob"; empty: any
  std::uint64_t first = 1;
  std::uint64_t every = 0;  ///< 0: just the first
  std::uint64_t times = 0;  ///< 0: no limit
};

/// Safe to use from any thread; what is set holds for the next request.
class FaultRules {
 public:
  void add(const FaultRule& rule) BM_EXCLUDES(mutex_);
  /// `fault` for every request that matches, until clear().
  void add_always(const Fault& fault, std::optional<RequestKind> request = {}, std::string name = {});
  void clear() BM_EXCLUDES(mutex_);

  /// Count this request in every rule that matches it; what the first rule that hits does to it.
  std::optional<Fault> next(RequestKind request, std::string_view name) BM_EXCLUDES(mutex_);
  /// How many requests have been hit since the start.
  [[nodiscard]] std::uint64_t hits() const BM_EXCLUDES(mutex_);

 private:
  struct Counted {
    FaultRule rule;
    std::uint64_t seen = 0, hit = 0;
  };

  mutable Mutex mutex_;
  std::vector<Counted> rules_ BM_GUARDED_BY(mutex_);
  std::uint64_t hits_ BM_GUARDED_BY(mutex_) = 0;
};

}  // namespace blobmount::tests
