#pragma once

/// Which shared access signature is to be used now: the one that was given, or the last good one of a file.

#include <memory>

#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

#include "auth/secret_file.hpp"
#include "auth/shared_access_signature.hpp"
#include "base/annotated_mutex.hpp"
#include "base/log.hpp"

namespace blobmount {

/// Safe to use from any thread.
class CurrentSas {
 public:
  /// invalid_argument with a sentence that shows no value, where there is no usable one. `clock` and `log`
  /// outlive it.
  static Result<std::unique_ptr<CurrentSas>> create(const SharedAccessSignature& given, Clock& clock,
                                                    Log& log);

  /// Never null. A file that has become unreadable or unusable is logged once; what it held before is used
  /// on.
  [[nodiscard]] std::shared_ptr<const SasFields> get() BM_EXCLUDES(mutex_);
  /// The service refused `used`: the one to use instead, or null where there is none yet.
  [[nodiscard]] std::shared_ptr<const SasFields> replacement_of(const std::shared_ptr<const SasFields>& used)
      BM_EXCLUDES(mutex_);

 private:
  CurrentSas(std::unique_ptr<WatchedSecretFile> file, Log& log) : file_(std::move(file)), log_(log) {}

  const std::unique_ptr<WatchedSecretFile> file_;  ///< null: it never changes
  Log& log_;

  Mutex mutex_;
  Secret seen_ BM_GUARDED_BY(mutex_);  ///< content of the file, usable or not
  std::shared_ptr<const SasFields> last_good_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
