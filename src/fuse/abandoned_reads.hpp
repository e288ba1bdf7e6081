#pragma once

/// Ends reads whose threads have ended. Of a read through the page cache the kernel tells nobody that its
/// process was killed, and keeps the file open until each is answered; but a process that ends closes its
/// descriptors, and of that there is word (FLUSH).
///
/// Others who share the file or its pages are not harmed: where a read ahead fails, the kernel leaves its
/// pages as they were, and whoever waits for one of them asks for it itself.

#include <atomic>
#include <cstdint>
#include <unordered_set>

#include <sys/types.h>

#include "base/annotated_mutex.hpp"
#include "fuse/pending_replies.hpp"

namespace blobmount {

/// Safe to use from any thread. Handles are those of open files.
class AbandonedReads {
 public:
  using HasEnded = bool (*)(pid_t thread);

  /// `pending` outlives it.
  AbandonedReads(PendingReplies& pending, HasEnded has_ended) : pending_(pending), has_ended_(has_ended) {}

  /// A descriptor of `handle` was closed, by a process that ends or by one that lives on.
  void on_closed(std::uint64_t handle) BM_EXCLUDES(mutex_);
  /// `ticket` is a read of `handle` that pending replies know, asked for by `thread`.
  void on_read(PendingReplies::Ticket ticket, std::uint64_t handle, pid_t thread) BM_EXCLUDES(mutex_);
  /// The kernel has let go of `handle`.
  void on_release(std::uint64_t handle) BM_EXCLUDES(mutex_);

 private:
  PendingReplies& pending_;
  const HasEnded has_ended_;

  std::atomic<std::size_t> closed_count_{0};  ///< mostly there are none, and a read need not take the lock
  Mutex mutex_;
  /// Of these a descriptor was closed: reads that the kernel held back till then come now.
  std::unordered_set<std::uint64_t> closed_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
