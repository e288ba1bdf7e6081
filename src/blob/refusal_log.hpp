#pragma once

/// Tells the operator once, not a thousand times, that a container (or the account) refuses us or cannot be
/// reached, and once that it works again.

#include <map>
#include <string>
#include <utility>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

#include "base/annotated_mutex.hpp"
#include "base/log.hpp"

namespace blobmount {

/// All at level info: an operation that fails for it is a warning of its own. Safe to use from any thread. A
/// container called "" is the account.
class RefusalLog {
 public:
  RefusalLog(Clock& clock, Log& log) : clock_(clock), log_(log) {}

  /// A request ended with `error`, after all its tries. The first that is a refusal or an outage is logged
  /// with its reason, others of the same kind are counted until one succeeds. Where success and refusal take
  /// turns, because only some blobs are refused, it is said once a minute.
  void failed(const std::string& container, const Error& error) BM_EXCLUDES(mutex_);
  void succeeded(const std::string& container) BM_EXCLUDES(mutex_);

 private:
  struct Refusal {
    std::uint64_t count = 0;  ///< since it began; 0: it has ended
    bool told = false;        ///< the operator knows of it
    SteadyTime quiet_until;   ///< not told again before
  };
  using Key = std::pair<std::string, ErrorCode>;

  Clock& clock_;
  Log& log_;

  Mutex mutex_;
  std::map<Key, Refusal> refusals_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
