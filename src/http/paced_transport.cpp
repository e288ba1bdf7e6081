#include "http/paced_transport.hpp"

#include <algorithm>
#include <utility>

#include "http/mount_is_ending.hpp"
#include "http/wanted_body.hpp"

namespace blobmount {
namespace {

constexpr Duration until_a_new_limit_is_noticed{std::chrono::seconds{1}};

}  // namespace

void PacedTransport::start(HttpRequest request, OnResponse done) {
  if (limit_.per_second() == 0) return next_.start(std::move(request), std::move(done));
  const auto now = clock_.now();
  Duration wait{0};
  bool first = false;
  {
    const MutexLock lock(mutex_);
    first = waiting_.empty();
    if (first) wait = limit_.take(1, now);
    if (!first || wait > Duration{0}) waiting_.push_back({std::move(request), std::move(done), now});
  }
  if (!first) return;  // whoever comes back for the others will see it
  if (wait > Duration{0}) return come_back(wait);
  next_.start(std::move(request), std::move(done));
}

void PacedTransport::come_back(Duration delay) {
  const auto pause = std::min(delay, until_a_new_limit_is_noticed);
  const auto due = clock_.now() + pause;
  scheduler_.run_after(pause, [this, due] {
    // the scheduler stops, and would run each further pause at once
    clock_.now() < due ? cancel_all() : send_those_that_may();
  });
}

void PacedTransport::send_those_that_may() {
  while (true) {
    const auto now = clock_.now();
    Duration wait{0};
    std::optional<Waiting> next;
    bool last = false;
    {
      const MutexLock lock(mutex_);
      wait = limit_.take(1, now);
      if (wait == Duration{0}) {
        next = std::move(waiting_.front());
        waiting_.pop_front();
        last = waiting_.empty();
      }
    }
    if (!next) return come_back(wait);
    send(*std::move(next));
    if (last) return;
  }
}

void PacedTransport::send(Waiting waiting) {
  auto& [request, done, since] = waiting;
  if (!body_wanted(request)) return done(no_longer_wanted());
  if (request.held_back) request.held_back->add(std::chrono::duration_cast<Duration>(clock_.now() - since));
  next_.start(std::move(request), std::move(done));
}

void PacedTransport::cancel_all() {
  std::deque<Waiting> waiting;
  {
    const MutexLock lock(mutex_);
    waiting.swap(waiting_);
  }
  for (const auto& one : waiting) one.done(mount_is_ending());
}

}  // namespace blobmount
