#pragma once

/// Which key of the account is to be used now: the one that was given, or the last good one of a file.

#include <memory>

#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

#include "auth/secret_file.hpp"
#include "base/annotated_mutex.hpp"
#include "base/log.hpp"

namespace blobmount {

/// Safe to use from any thread.
class CurrentKey {
 public:
  /// invalid_argument, without showing the key, where it is not base64 or its file cannot be read. `clock`
  /// and `log` outlive it.
  static Result<std::unique_ptr<CurrentKey>> create(const SharedKey& given, Clock& clock, Log& log);

  /// Binary. A file that has become unreadable or holds no key is logged once; what it held before is used
  /// on.
  [[nodiscard]] Secret get() BM_EXCLUDES(mutex_);

 private:
  CurrentKey(std::unique_ptr<WatchedSecretFile> file, Log& log) : file_(std::move(file)), log_(log) {}

  const std::unique_ptr<WatchedSecretFile> file_;  ///< null: it never changes
  Log& log_;

  Mutex mutex_;
  Secret seen_ BM_GUARDED_BY(mutex_);  ///< content of the file, usable or not
  Secret last_good_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
