#pragma once

/// When a request is worth repeating, and after what pause: arithmetic without I/O.

#include <optional>

#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"

namespace blobmount {

/// https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific
struct RetryPolicy {
  Duration first_pause{std::chrono::milliseconds{100}};
  Duration longest_pause{std::chrono::seconds{10}};
  /// From the first try to the start of the last one.
  Duration budget{std::chrono::seconds{60}};
  /// Whether to go on where no connection could be made. While mounted that passes; before mounting it is an
  /// answer.
  bool retry_unreachable = true;
};

/// What is known when a try has ended.
struct TryOutcome {
  const Result<HttpResponse>& outcome;
  int tries = 1;           ///< made so far
  int refused_tokens = 0;  ///< how many of them ended with 401, this one included
  Duration elapsed{0};     ///< since the first try began
};

/// The pause before the next try, or nothing: give up. `chance` is in [0, 1) and spreads the pauses of many
/// clients.
std::optional<Duration> pause_before_retry(const RetryPolicy& policy, const TryOutcome& ended, double chance);

}  // namespace blobmount
