#pragma once

/// Takes the kernel's requests from /dev/fuse and hands them to libfuse.

#include <optional>

#include "blobmount/result.hpp"

#include "base/annotated_mutex.hpp"
#include "cache/system_files.hpp"
#include "fuse/errands.hpp"
#include "fuse/fuse_api.hpp"
#include "fuse/request_buffer.hpp"

namespace blobmount {

/// A few threads, of which one takes requests. Most are answered faster than another thread wakes up, so it
/// answers what it took before it takes the next. It leaves the taking to others when many requests wait, and
/// when the answer may be long. (libfuse's own loop wakes another thread for each request: to open and close
/// small files took a third longer.)
class RequestLoop {
 public:
  /// `session` is mounted, its signal handlers are set, and it outlives the loop. The thread that takes
  /// requests runs `errands`, which outlive the loop, too, between them. Throws std::system_error where the
  /// system has no descriptor left.
  RequestLoop(fuse_session* session, Errands& errands);

  /// Until the kernel unmounts, or one of libfuse's signals comes, or has come, to this thread. Requests that
  /// were taken have been handed over then; answers may still be under way. An Error where the connection
  /// broke. Once. Throws std::system_error where the system has no thread left.
  Status run();

 private:
  class Threads;

  void work() BM_EXCLUDES(turn_);
  /// False: there will be no more.
  bool take(RequestBuffer& request) BM_REQUIRES(turn_);
  /// Whether more than one process waits for answers.
  bool many_wait() BM_REQUIRES(turn_);
  void end();

  fuse_session* const session_;
  Errands& errands_;
  const int device_;
  const Descriptor ended_;  ///< an eventfd; from then on nobody waits for requests

  Mutex turn_;                                 ///< to take requests
  unsigned taken_ BM_GUARDED_BY(turn_) = 0;    ///< requests
  unsigned waiting_ BM_GUARDED_BY(turn_) = 0;  ///< requests in a row behind which another one waited
  bool unmounted_ BM_GUARDED_BY(turn_) = false;
  std::optional<int> failure_ BM_GUARDED_BY(turn_);  ///< errno
};

}  // namespace blobmount
