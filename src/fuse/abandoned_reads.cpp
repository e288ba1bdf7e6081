#include "fuse/abandoned_reads.hpp"

#include <map>

namespace blobmount {

void AbandonedReads::on_closed(std::uint64_t handle) {
  {
    const MutexLock lock(mutex_);
    closed_.insert(handle);
    closed_count_ = closed_.size();
  }
  // one read of 4 MiB is some 30 requests of one thread
  std::map<pid_t, bool> ended;
  for (const auto& read : pending_.reads_of(handle)) {
    const auto [known, is_new] = ended.try_emplace(read.thread);
    if (is_new) known->second = has_ended_(read.thread);
    if (known->second) pending_.interrupt(read.ticket);
  }
}

void AbandonedReads::on_read(PendingReplies::Ticket ticket, std::uint64_t handle, pid_t thread) {
  // a close that did not see this read among the pending ones has counted before
  if (closed_count_ == 0) return;
  {
    const MutexLock lock(mutex_);
    if (!closed_.contains(handle)) return;
  }
  if (has_ended_(thread)) pending_.interrupt(ticket);
}

void AbandonedReads::on_release(std::uint64_t handle) {
  const MutexLock lock(mutex_);
  closed_.erase(handle);
  closed_count_ = closed_.size();
}

}  // namespace blobmount
