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
  {
    const MutexLock lock(mutex_);
    if (somebody_comes_) return waiting_.push_back({std::move(request), std::move(done), now});
    wait = limit_.take(1, now);
    if (wait > Duration{0}) waiting_.push_back({std::move(request), std::move(done), now});
    somebody_comes_ = wait > Duration{0};
  }
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
  while (auto next = take_first()) {
    // what is wanted no more takes no turn
    if (!body_wanted(next->request)) {
      next->done(no_longer_wanted());
      continue;
    }
    const auto now = clock_.now();
    if (const auto wait = limit_.take(1, now); wait > Duration{0}) {
      {
        const MutexLock lock(mutex_);
        waiting_.push_front(*std::move(next));
      }
      return come_back(wait);
    }
    auto& [request, done, since] = *next;
    if (request.held_back) request.held_back->add(std::chrono::duration_cast<Duration>(now - since));
    next_.start(std::move(request), std::move(done));
  }
}

std::optional<PacedTransport::Waiting> PacedTransport::take_first() {
  const MutexLock lock(mutex_);
  somebody_comes_ = !waiting_.empty();
  if (waiting_.empty()) return std::nullopt;
  auto first = std::move(waiting_.front());
  waiting_.pop_front();
  return first;
}

void PacedTransport::cancel_all() {
  std::deque<Waiting> waiting;
  {
    const MutexLock lock(mutex_);
    waiting.swap(waiting_);
    somebody_comes_ = false;
  }
  for (const auto& one : waiting) one.done(mount_is_ending());
}

}  // namespace blobmount
