#include "fuse/pending_replies.hpp"

#include <cerrno>
#include <utility>

namespace blobmount {
namespace {

/// Set while this thread is inside fuse_req_interrupt_func. That function calls the handler itself if the
/// interrupt came first, and touches the request afterwards: there, and only there, the handler must not
/// answer.
thread_local bool registering = false;
thread_local bool interrupted_before = false;

}  // namespace

PendingReplies::Ticket PendingReplies::add(fuse_req_t request, Operation operation, PendingRead read) {
  const auto now = std::chrono::steady_clock::now();
  Ticket ticket = 0;
  {
    const MutexLock lock(mutex_);
    ticket = next_++;
    pending_.emplace(ticket, Pending{request, std::move(read), operation, now});
  }
  registering = true;
  interrupted_before = false;
  // a number, not a pointer: when the handler runs, another thread may have answered the request already
  fuse_req_interrupt_func(request, on_interrupt_, reinterpret_cast<void*>(ticket));
  registering = false;
  if (interrupted_before) interrupt(ticket);
  return ticket;
}

std::size_t PendingReplies::count() const {
  const MutexLock lock(mutex_);
  return pending_.size();
}

void PendingReplies::count(const Pending& answered, int error_number) {
  requests_.answered(answered.operation, std::chrono::steady_clock::now() - answered.asked);
  if (error_number != 0) requests_.refused(answered.operation, error_number);
}

fuse_req_t PendingReplies::take(Ticket ticket, int error_number) {
  decltype(pending_.extract(ticket)) taken;  // ends after the lock
  {
    const MutexLock lock(mutex_);
    taken = pending_.extract(ticket);
  }
  if (!taken) return nullptr;
  count(taken.mapped(), error_number);
  return taken.mapped().request;
}

void PendingReplies::interrupted(void* data) {
  if (registering) {
    interrupted_before = true;
  } else {
    interrupt(reinterpret_cast<Ticket>(data));
  }
}

void PendingReplies::interrupt(Ticket ticket) {
  Pending taken;
  {
    const MutexLock lock(mutex_);
    const auto found = pending_.extract(ticket);
    if (!found) return;
    taken = std::move(found.mapped());
    if (taken.is_read() && !taken.begun) interrupted_early_.insert(ticket);
  }
  // first: once it has its answer, the kernel may let go of the file
  const auto& read = taken.read;
  if (const auto file = read.file.lock()) file->give_up(read.offset, read.size, ticket);
  count(taken, EINTR);
  fuse_reply_err(taken.request, EINTR);
}

bool PendingReplies::begun(Ticket ticket) {
  const MutexLock lock(mutex_);
  if (const auto found = pending_.find(ticket); found != pending_.end()) found->second.begun = true;
  return interrupted_early_.erase(ticket) > 0;
}

std::vector<PendingReplies::Asked> PendingReplies::reads_of(std::uint64_t handle) const {
  std::vector<Asked> reads;
  const MutexLock lock(mutex_);
  for (const auto& [ticket, pending] : pending_) {
    // add() may still be busy with the request of one that has not begun
    const bool is_open = pending.is_read() && pending.begun;
    if (is_open && pending.read.handle == handle) reads.push_back({ticket, pending.read.thread});
  }
  return reads;
}

}  // namespace blobmount
