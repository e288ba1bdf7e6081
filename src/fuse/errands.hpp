#pragma once

/// What other threads want a thread to do that waits for files. That it is done proves that the thread still
/// comes round.

#include <functional>
#include <vector>

#include "base/annotated_mutex.hpp"
#include "cache/system_files.hpp"

namespace blobmount {

/// Safe to use from any thread.
class Errands {
 public:
  /// Throws std::system_error where the system has no descriptor left.
  Errands();

  /// `errand` runs in the next run(), or never where there is none. Does not block.
  void leave(std::function<void()> errand) BM_EXCLUDES(mutex_);

  /// Can be read while an errand waits: for poll(2).
  [[nodiscard]] int number() const { return left_.number(); }
  /// All that were left.
  void run() BM_EXCLUDES(mutex_);

 private:
  const Descriptor left_;  ///< an eventfd

  Mutex mutex_;
  std::vector<std::function<void()>> errands_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
