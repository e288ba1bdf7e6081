#pragma once

/// The kernel's requests that wait for an answer. Each is answered once: by whoever completes it or, when its
/// process is interrupted, with EINTR at once, so that Ctrl-C and kill work however slow the service is.

#include <cstdint>
#include <unordered_map>

#include "base/annotated_mutex.hpp"
#include "fuse/fuse_api.hpp"

namespace blobmount {

/// Safe to use from any thread.
class PendingReplies {
 public:
  using Ticket = std::uint64_t;

  /// `on_interrupt` is what libfuse calls; it finds its session's PendingReplies and calls interrupted().
  explicit PendingReplies(fuse_interrupt_func_t on_interrupt) : on_interrupt_(on_interrupt) {}

  /// `request` is from now on answered by whoever takes it, or by its interruption: do not touch it
  /// otherwise.
  Ticket add(fuse_req_t request) BM_EXCLUDES(mutex_);
  /// The request, to be answered by the caller; null if it was answered already.
  fuse_req_t take(Ticket ticket) BM_EXCLUDES(mutex_);
  /// `data` is what libfuse gave to the handler.
  void interrupted(void* data) BM_EXCLUDES(mutex_);

 private:
  void answer_interrupted(Ticket ticket) BM_EXCLUDES(mutex_);

  const fuse_interrupt_func_t on_interrupt_;

  Mutex mutex_;
  Ticket next_ BM_GUARDED_BY(mutex_) = 1;
  std::unordered_map<Ticket, fuse_req_t> requests_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
