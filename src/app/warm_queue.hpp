#pragma once

/// The files that `blobmount warm` has found and not finished, in their three stages: to be read; handed out;
/// and settling, which were read and may not be on disk yet. There are never many, however many are found.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "blobmount/clock.hpp"

#include "app/pinned_file.hpp"
#include "base/annotated_mutex.hpp"

namespace blobmount {

struct WarmJob {
  std::string path{};
  std::uint64_t size = 0;                  ///< bytes, as last seen
  std::unique_ptr<PinnedFile> file{};      ///< null: not looked at yet
  std::uint64_t cached = 0;                ///< bytes, as last seen
  int passes = 0;                          ///< times that it was read, and not all of it was kept
  bool renewed = false;                    ///< `file` is not the first version
  std::optional<SteadyTime> idle_since{};  ///< nothing of it waits to be written
};

/// Safe to use from any thread.
class WarmQueue {
 public:
  /// `job` is to be read. Blocks while many are. False: stopped.
  bool add(WarmJob job) BM_EXCLUDES(mutex_);
  /// All have been added.
  void no_more() BM_EXCLUDES(mutex_);

  /// The next to be read, once there is one and little of what settles is unwritten. To be given back by
  /// settle() or finished(). Nothing: all have finished, or it was stopped.
  std::optional<WarmJob> next_to_read() BM_EXCLUDES(mutex_);
  /// Those that settle, the longest first, once there are any; the same holds of them, and of read_again().
  std::vector<WarmJob> next_to_settle() BM_EXCLUDES(mutex_);

  void settle(WarmJob job) BM_EXCLUDES(mutex_);
  void read_again(WarmJob job) BM_EXCLUDES(mutex_);
  /// One that was handed out needs nothing more.
  void finished() BM_EXCLUDES(mutex_);

  /// Nothing more is handed out. False: it had been stopped already.
  bool stop() BM_EXCLUDES(mutex_);
  [[nodiscard]] bool stopped() const BM_EXCLUDES(mutex_);

 private:
  [[nodiscard]] bool over() const BM_REQUIRES(mutex_);
  [[nodiscard]] bool may_read_more() const BM_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::condition_variable changed_;
  std::deque<WarmJob> fresh_ BM_GUARDED_BY(mutex_), again_ BM_GUARDED_BY(mutex_),
      settling_ BM_GUARDED_BY(mutex_);
  std::uint64_t unwritten_ BM_GUARDED_BY(mutex_) = 0;  ///< bytes of those that settle
  std::size_t handed_out_ BM_GUARDED_BY(mutex_) = 0;
  bool all_added_ BM_GUARDED_BY(mutex_) = false;
  bool stopped_ BM_GUARDED_BY(mutex_) = false;
};

}  // namespace blobmount
