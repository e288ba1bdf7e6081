#include "http/retrying_transport.hpp"

#include <random>

#include "http/mount_is_ending.hpp"
#include "http/wanted_body.hpp"

namespace blobmount {
namespace {

std::uint64_t received(const HttpRequest& request) {
  return request.sink && request.range ? request.sink->received() : 0;
}

/// What is left to ask for when `request` is tried again, after so many tries in a row that timed out.
HttpRequest rest_of(const HttpRequest& request, int timeouts) {
  auto rest = request;
  if (request.range) {
    const auto taken = received(request);
    rest.range = ByteRange{request.range->offset + taken, request.range->length - taken};
  }
  rest.limits.stall = stall_limit_after(timeouts, request.limits.stall);
  // what silenced one connection may have silenced all that were open then
  rest.fresh_connection = request.fresh_connection || timeouts > 0;
  return rest;
}

bool timed_out(const Result<HttpResponse>& outcome) {
  return !outcome && outcome.error().code == ErrorCode::timed_out;
}

bool complete(const HttpRequest& rest) { return rest.sink && rest.range && rest.range->length == 0; }

}  // namespace

Chance random_chance() {
  return [] {
    thread_local std::minstd_rand engine{std::random_device{}()};
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
  };
}

struct RetryingTransport::Call {
  HttpRequest request;
  OnResponse done;
  SteadyTime latest;           ///< when the latest try ended; at first, when the call began
  Duration lost{0};            ///< until then
  Duration held_back{0};       ///< by our own limits, until then
  std::uint64_t received = 0;  ///< until then
  int tries = 0;
  int refused_tokens = 0;
  int timeouts = 0;  ///< the latest tries, in a row
};

void RetryingTransport::start(HttpRequest request, OnResponse done) {
  if (!request.held_back) request.held_back = std::make_shared<HeldBack>();
  try_once(std::make_shared<Call>(Call{std::move(request), std::move(done), clock_.now()}));
}

void RetryingTransport::try_once(const std::shared_ptr<Call>& call) {
  auto rest = rest_of(call->request, call->timeouts);
  // the connection broke behind the last byte: there is nothing left to ask for
  if (complete(rest)) return call->done(HttpResponse{.status = 206});
  rest.tries_before = call->tries++;
  next_.start(std::move(rest),
              [this, call](Result<HttpResponse> outcome) { ended(call, std::move(outcome)); });
}

void RetryingTransport::note_progress(Call& call) const {
  const auto elapsed = std::chrono::duration_cast<Duration>(clock_.now() - call.latest);
  const auto got = received(call.request);
  const auto held_back = call.request.held_back->total();
  call.lost = lost_after(call.lost, elapsed - (held_back - call.held_back), got - call.received);
  call.received = got;
  call.held_back = held_back;
  call.latest += elapsed;
}

void RetryingTransport::ended(const std::shared_ptr<Call>& call, Result<HttpResponse> outcome) {
  if (outcome && outcome->status == 401) ++call->refused_tokens;
  call->timeouts = timed_out(outcome) ? call->timeouts + 1 : 0;
  note_progress(*call);
  const TryOutcome ended{outcome, call->tries, call->refused_tokens, call->lost};
  const auto pause = pause_before_retry(policy_, ended, chance_());
  if (!pause) return call->done(std::move(outcome));
  if (!body_wanted(call->request)) return call->done(no_longer_wanted());
  const auto due = clock_.now() + *pause;
  scheduler_.run_after(*pause, [this, call, due] {
    // the scheduler stops, and would run each further pause at once
    if (clock_.now() < due) return call->done(mount_is_ending());
    if (!body_wanted(call->request)) return call->done(no_longer_wanted());
    try_once(call);
  });
}

}  // namespace blobmount
