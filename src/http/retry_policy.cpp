#include "http/retry_policy.hpp"

#include <algorithm>
#include <charconv>

namespace blobmount {
namespace {

bool transient(const Error& error, const RetryPolicy& policy) {
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::timed_out:
    case ErrorCode::throttled:
      return true;
    case ErrorCode::unreachable:
      return policy.retry_unreachable;
    default:
      return false;
  }
}

bool transient(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

bool transient(const RetryPolicy& policy, const TryOutcome& ended) {
  if (!ended.outcome) return transient(ended.outcome.error(), policy);
  // the refused token is being replaced: one more try shows whether that was the reason
  if (ended.outcome->status == 401) return ended.refused_tokens == 1;
  return transient(ended.outcome->status);
}

Duration backoff(const RetryPolicy& policy, int tries, double chance) {
  const auto doubled = policy.first_pause * (1LL << std::min(tries - 1, 20));
  const auto longest = std::min<Duration>(doubled, policy.longest_pause);
  return std::chrono::duration_cast<Duration>(longest * (0.5 + chance / 2));
}

}  // namespace

Duration lost_after(Duration before, Duration elapsed, std::uint64_t received) {
  return std::max(before + elapsed - patience_for(received), Duration{0});
}

std::optional<Duration> pause_before_retry(const RetryPolicy& policy, const TryOutcome& ended,
                                           double chance) {
  if (!transient(policy, ended)) return std::nullopt;
  const Duration asked_for = ended.outcome ? retry_after(*ended.outcome) : std::chrono::seconds{0};
  const auto pause = std::max(backoff(policy, ended.tries, chance), asked_for);
  if (ended.lost + pause > policy.budget) return std::nullopt;
  return pause;
}

std::chrono::seconds retry_after(const HttpResponse& response) {
  // the form with a date is not used by Azure
  const auto header = response.headers.get("Retry-After");
  std::uint64_t seconds = 0;
  if (header) std::from_chars(header->data(), header->data() + header->size(), seconds);
  return std::chrono::seconds(std::min<std::uint64_t>(seconds, 3600));
}

Duration stall_limit_after(int timeouts, Duration limit) {
  if (timeouts == 0) return limit;
  return std::min<Duration>(limit, std::chrono::seconds(1LL << std::clamp(timeouts - 2, 0, 20)));
}

}  // namespace blobmount
