#include "auth/renewal_plan.hpp"

#include <algorithm>

namespace blobmount {
namespace {

using std::chrono::seconds;

constexpr Duration longest_pause = seconds{30};

/// An endpoint that is being updated says so, and is back within 70 s: then it is not to be missed for long.
constexpr Duration longest_pause_of_update = seconds{10};

/// Of an endpoint, to be left alone: there may be no token meanwhile.
constexpr Duration longest_wish = std::chrono::minutes{5};

/// Keeps an endpoint that hands out dying tokens from being asked without end.
constexpr Duration shortest_interval = seconds{1};

/// A token that served for so long was good; its refusal is not one of a row.
constexpr Duration served_well = std::chrono::minutes{5};

/// 0, 2, 6, 14, 30, 30, ... seconds: what IMDS asks of its clients.
/// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#retry-guidance
Duration pause_after(int tries) {
  if (tries >= 4) return longest_pause;
  return seconds{(2 << tries) - 2};
}

Duration pause_after(int tries, ErrorCode why) {
  if (!passes(why)) return longest_pause;
  const auto pause = pause_after(tries);
  return why == ErrorCode::busy ? std::min(pause, longest_pause_of_update) : pause;
}

/// A fifth less, to a fifth more.
Duration spread(Duration pause, double chance) {
  return std::chrono::duration_cast<Duration>(pause * (0.8 + 0.4 * chance));
}

}  // namespace

bool passes(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::busy || code == ErrorCode::unreachable ||
         code == ErrorCode::throttled || code == ErrorCode::timed_out;
}

void RenewalPlan::renewed(const AccessToken& token, SteadyTime now) {
  failures_ = 0;
  last_attempt_ = now;
  expires_ = token.expires;
  const auto half_life = token.issued + (token.expires - token.issued) / 2;
  next_ = std::max(token.renew.value_or(half_life), now + shortest_interval);
}

void RenewalPlan::failed(ErrorCode why, SteadyTime now, double chance, Duration retry_after) {
  ++failures_;
  last_attempt_ = now;
  const auto wish = std::min(retry_after, longest_wish);
  next_ = now + std::max(spread(pause_after(failures_, why), chance), wish);
  if (expires_ > now) next_ = std::min(next_, expires_);  // a last try at the moment it matters
}

void RenewalPlan::rejected(SteadyTime now) {
  if (now - last_attempt_ >= served_well) rejections_ = 0;
  next_ = std::max(now, last_attempt_ + pause_after(rejections_));
  ++rejections_;
  expires_ = now;
}

}  // namespace blobmount
