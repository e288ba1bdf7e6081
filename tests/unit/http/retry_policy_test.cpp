#include "http/retry_policy.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::chrono_literals;

/// The longest pause; 0 gives the shortest.
constexpr double late = 1.0;

using Outcome = Result<HttpResponse>;

std::optional<Duration> pause_after(const Outcome& outcome, int tries = 1, Duration lost = 0ms,
                                    double chance = late) {
  return pause_before_retry(RetryPolicy{}, {.outcome = outcome, .tries = tries, .lost = lost}, chance);
}

Outcome status(int number) { return HttpResponse{.status = number}; }

Outcome asked_to_wait(std::string seconds) {
  return HttpResponse{.status = 503, .headers = {{"Retry-After", std::move(seconds)}}};
}

TEST(RetryPolicy, RepeatsTheStatusesThatPass) {
  for (const int number : {408, 429, 500, 502, 503, 504}) EXPECT_TRUE(pause_after(status(number))) << number;
}

TEST(RetryPolicy, TakesEveryOtherStatusForAnAnswer) {
  for (const int number : {200, 201, 202, 204, 206, 301, 302, 304, 307, 400, 403,
                           404, 405, 409, 410, 411, 412, 413, 416, 501, 505, 507}) {
    EXPECT_FALSE(pause_after(status(number))) << number;
  }
}

TEST(RetryPolicy, RepeatsTheErrorsThatPass) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const bool passes = code == ErrorCode::unavailable || code == ErrorCode::timed_out ||
                        code == ErrorCode::throttled || code == ErrorCode::unreachable;
    EXPECT_EQ(pause_after(Error{code, "x"}).has_value(), passes) << name_of(code);
  }
}

TEST(RetryPolicy, BeforeMountingNoConnectionIsAnAnswer) {
  const RetryPolicy policy{.retry_unreachable = false};
  const Outcome unreachable = Error{ErrorCode::unreachable, "refused"};
  const Outcome reset = Error{ErrorCode::unavailable, "reset"};

  EXPECT_FALSE(pause_before_retry(policy, {.outcome = unreachable}, late));
  EXPECT_TRUE(pause_before_retry(policy, {.outcome = reset}, late));
}

TEST(RetryPolicy, ARefusedTokenIsReplacedOnce) {
  const auto refused = status(401);

  EXPECT_TRUE(pause_before_retry({}, {.outcome = refused, .tries = 1, .refused_tokens = 1}, late));
  EXPECT_TRUE(pause_before_retry({}, {.outcome = refused, .tries = 5, .refused_tokens = 1}, late));
  EXPECT_FALSE(pause_before_retry({}, {.outcome = refused, .tries = 2, .refused_tokens = 2}, late));
}

TEST(RetryPolicy, PausesDoubleUpToTheLongest) {
  const std::pair<int, Duration> table[] = {{1, 100ms}, {2, 200ms}, {3, 400ms}, {4, 800ms}, {5, 1600ms},
                                            {6, 3s},    {7, 3s},    {64, 3s},   {1000, 3s}, {1 << 30, 3s}};
  for (const auto& [tries, pause] : table) EXPECT_EQ(pause_after(status(503), tries), pause) << tries;
}

TEST(RetryPolicy, ChanceTakesUpToHalfOff) {
  for (const int tries : {1, 3, 20}) {
    const auto longest = *pause_after(status(503), tries);
    EXPECT_EQ(pause_after(status(503), tries, 0ms, 0.0), longest / 2);
    for (const double chance : {0.1, 0.5, 0.9, 0.999}) {
      const auto pause = *pause_after(status(503), tries, 0ms, chance);
      EXPECT_GE(pause, longest / 2) << chance;
      EXPECT_LE(pause, longest) << chance;
    }
  }
}

TEST(RetryPolicy, WaitsAsLongAsTheServiceAsks) {
  EXPECT_EQ(pause_after(asked_to_wait("7")), 7s);
  EXPECT_EQ(pause_after(asked_to_wait("60")), 60s);
}

TEST(RetryPolicy, ItsOwnPauseIsTheLeast) {
  EXPECT_EQ(pause_after(asked_to_wait("0")), 100ms);
  EXPECT_EQ(pause_after(asked_to_wait("1"), 8), 3s);
}

TEST(RetryPolicy, WhatIsNoNumberOfSecondsIsNoWish) {
  for (const auto* text : {"", "soon", "-5", "Wed, 21 Oct 2026 07:28:00 GMT"}) {
    EXPECT_EQ(pause_after(asked_to_wait(text)), 100ms) << text;
  }
}

TEST(RetryPolicy, DoesNotWaitBeyondTheBudgetWhateverTheServiceAsks) {
  for (const auto* text : {"61", "3600", "99999999999", "9999999999999999999"}) {
    EXPECT_FALSE(pause_after(asked_to_wait(text))) << text;
  }
  EXPECT_FALSE(pause_after(asked_to_wait("7"), 1, 53'001ms));
  EXPECT_TRUE(pause_after(asked_to_wait("7"), 1, 53s));
}

TEST(RetryPolicy, GivesUpWhenTheBudgetIsSpent) {
  EXPECT_TRUE(pause_after(status(503), 1, 59'900ms));
  EXPECT_FALSE(pause_after(status(503), 1, 59'901ms));
  EXPECT_FALSE(pause_after(status(503), 1, 1h));
}

TEST(RetryPolicy, TimeIsLostAsFarAsNoBytesCameForIt) {
  struct Row {
    Duration before, elapsed;
    std::uint64_t received;
    Duration lost;
  };
  constexpr std::uint64_t kib = 1ULL << 10U;
  const Row table[] = {{0s, 0s, 0, 0s},          {0s, 10s, 0, 10s},           {10s, 10s, 0, 20s},
                       {0s, 10s, 16 * kib, 9s},  {0s, 10s, 160 * kib, 0s},    {5s, 10s, 160 * kib, 5s},
                       {5s, 10s, 240 * kib, 0s}, {0s, 14s, 14'000, 13'146ms}, {59s, 1s, 1 << 20, 0s},
                       {0s, 1s, 1ULL << 30U, 0s}};

  for (const auto& [before, elapsed, received, lost] : table) {
    EXPECT_EQ(lost_after(before, elapsed, received), lost) << received << " bytes in " << elapsed.count();
  }
}

TEST(RetryPolicy, BytesThatCameBeforeAnOutageDoNotProlongIt) {
  const auto after_a_gibibyte = lost_after(0s, 10s, 1ULL << 30U);
  const auto outage = status(503);

  EXPECT_TRUE(pause_after(outage, 1, lost_after(after_a_gibibyte, 59'900ms, 0)));
  EXPECT_FALSE(pause_after(outage, 1, lost_after(after_a_gibibyte, 59'901ms, 0)));
}

TEST(RetryPolicy, AStallAfterAStallIsNoticedSoon) {
  const Duration first_limits[] = {10s, 2s, 500ms};
  const std::array<Duration, 3> table[] = {{10s, 2s, 500ms}, {1s, 1s, 500ms}, {1s, 1s, 500ms},
                                           {2s, 2s, 500ms},  {4s, 2s, 500ms}, {8s, 2s, 500ms},
                                           {10s, 2s, 500ms}, {10s, 2s, 500ms}};
  for (int timeouts = 0; timeouts < 8; ++timeouts) {
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(stall_limit_after(timeouts, first_limits[i]), table[timeouts][i]) << timeouts;
    }
  }
  EXPECT_EQ(stall_limit_after(1 << 30, 10s), 10s);
}

TEST(RetryPolicy, WithoutABudgetNothingIsRepeated) {
  const RetryPolicy policy{.budget = 0s};
  const auto busy = status(503);

  EXPECT_FALSE(pause_before_retry(policy, {.outcome = busy}, 0.0));
}

}  // namespace
}  // namespace blobmount
