#pragma once

/// Takes the kernel's requests from /dev/fuse and hands them to libfuse.

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "blobmount/result.hpp"

#include "base/annotated_mutex.hpp"
#include "cache/system_files.hpp"
#include "fuse/fuse_api.hpp"

namespace blobmount {

/// A few threads, of which one takes requests. Most are answered faster than another thread wakes up, so it
/// answers what it took before it takes the next. It leaves the taking to others when many requests wait, and
/// when the answer may be long. (libfuse's own loop wakes another thread for each request: to open and close
/// small files took a third longer.)
class RequestLoop {
 public:
  /// `session` is mounted, its signal handlers are set, and it outlives the loop.
  explicit RequestLoop(fuse_session* session);

  /// Until the kernel unmounts, or one of libfuse's signals comes, or has come, to this thread. Requests that
  /// were taken have been handed over then; answers may still be under way. An Error where the connection
  /// broke. Once.
  Status run();

 private:
  class Threads;

  void work() BM_EXCLUDES(turn_);
  /// False: there are no more.
  bool take(fuse_buf& request) BM_REQUIRES(turn_);
  /// Whether more than one process waits for answers.
  bool many_wait() BM_REQUIRES(turn_);

  fuse_session* const session_;
  const Descriptor ended_;  ///< an eventfd

  Mutex turn_;  ///< to take requests
  unsigned taken_ BM_GUARDED_BY(turn_) = 0;    ///< requests
  unsigned waiting_ BM_GUARDED_BY(turn_) = 0;  ///< requests in a row behind which another one waited
  std::optional<int> failure_ BM_GUARDED_BY(turn_);
};

}  // namespace blobmount
