#pragma once

/// When a request is worth repeating, and after what pause: arithmetic without I/O.

#include <optional>

#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"

namespace blobmount {

/// https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific
struct RetryPolicy {
  Duration first_pause{std::chrono::milliseconds{100}};
  /// So late, at most, the end of an outage is noticed. A client asks a broken service twenty times a minute
  /// then, which does not hold up its recovery; one that wants fewer says so with Retry-After.
  Duration longest_pause{std::chrono::seconds{3}};
  /// Of time that is lost, up to the start of the last try. What bytes may take to come is not lost: a slow
  /// line that gets on is no error, one that drips is.
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
  Duration lost{0};        ///< lost_after() all of them, this one included
};

/// Of the time since the first try began, what has brought nothing: `before` of it was lost when the latest
/// try but this one ended, and since then `received` bytes that need not be asked for again came in
/// `elapsed`. Bytes make up for what was lost before them, never for what is lost after them: however many
/// have come, an outage is an error once the budget is spent.
Duration lost_after(Duration before, Duration elapsed, std::uint64_t received);

/// The pause before the next try, or nothing: give up. `chance` is in [0, 1) and spreads the pauses of many
/// clients.
std::optional<Duration> pause_before_retry(const RetryPolicy& policy, const TryOutcome& ended, double chance);

/// The seconds that the service asks for, an hour at most; 0: none.
std::chrono::seconds retry_after(const HttpResponse& response);

/// How long a try may be silent after so many tries in a row that ended with timed_out: `limit` for the first
/// one, then 1 s, 1 s, 2 s, 4 s, ... up to it. One stall shows that something is broken, and that the next
/// connection is bad too should not cost the reader as much again; a service that is slow for everybody still
/// gets its time in the end.
Duration stall_limit_after(int timeouts, Duration limit);

}  // namespace blobmount
