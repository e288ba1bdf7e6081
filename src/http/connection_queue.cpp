#include "http/connection_queue.hpp"

#include <algorithm>
#include <utility>

#include "http/mount_is_ending.hpp"
#include "http/wanted_body.hpp"

namespace blobmount {

void ConnectionQueue::start(HttpRequest request, OnResponse done) {
  std::size_t chosen = 0;
  bool accepted = false;
  {
    const MutexLock lock(mutex_);
    accepted = !ending_;
    const auto freest = std::ranges::max_element(places_, {}, [](const Place& place) { return place.free; });
    if (accepted && freest->free == 0)
      return waiting_.push_back({std::move(request), std::move(done), std::chrono::steady_clock::now()});
    if (accepted) --freest->free;
    chosen = static_cast<std::size_t>(freest - places_.begin());
  }
  if (!accepted) return done(mount_is_ending());
  send(chosen, std::move(request), std::move(done));
}

void ConnectionQueue::send(std::size_t place, HttpRequest request, OnResponse done) {
  CurlLoop* loop = nullptr;
  {
    const MutexLock lock(mutex_);
    loop = &places_[place].loop;
  }
  loop->start(std::move(request), [this, place, done = std::move(done)](Result<HttpResponse> outcome) {
    send_next(place);
    done(std::move(outcome));
  });
}

void ConnectionQueue::send_next(std::size_t place) {
  while (auto next = take_next(place)) {
    auto& [request, done, since] = *next;
    if (!body_wanted(request)) {
      done(no_longer_wanted());
      continue;
    }
    const auto waited = std::chrono::steady_clock::now() - since;
    if (request.held_back) request.held_back->add(std::chrono::duration_cast<Duration>(waited));
    return send(place, std::move(request), std::move(done));
  }
}

std::optional<ConnectionQueue::Waiting> ConnectionQueue::take_next(std::size_t place) {
  const MutexLock lock(mutex_);
  if (waiting_.empty()) {
    ++places_[place].free;
    return std::nullopt;
  }
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  return next;
}

void ConnectionQueue::stop() {
  std::deque<Waiting> waiting;
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    waiting.swap(waiting_);
  }
  for (const auto& one : waiting) one.done(mount_is_ending());
}

}  // namespace blobmount
