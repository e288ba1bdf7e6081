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

PendingReplies::Ticket PendingReplies::add(fuse_req_t request) {
  Ticket ticket = 0;
  {
    const MutexLock lock(mutex_);
    ticket = next_++;
    requests_.emplace(ticket, request);
  }
  registering = true;
  interrupted_before = false;
  // a number, not a pointer: when the handler runs, another thread may have answered the request already
  fuse_req_interrupt_func(request, on_interrupt_, reinterpret_cast<void*>(ticket));
  registering = false;
  if (interrupted_before) answer_interrupted(ticket);
  return ticket;
}

fuse_req_t PendingReplies::take(Ticket ticket) {
  const MutexLock lock(mutex_);
  const auto found = requests_.find(ticket);
  if (found == requests_.end()) return nullptr;
  const auto request = found->second;
  requests_.erase(found);
  return request;
}

void PendingReplies::interrupted(void* data) {
  if (registering) {
    interrupted_before = true;
  } else {
    answer_interrupted(reinterpret_cast<Ticket>(data));
  }
}

void PendingReplies::answer_interrupted(Ticket ticket) {
  if (const auto request = take(ticket)) fuse_reply_err(request, EINTR);
}

}  // namespace blobmount
