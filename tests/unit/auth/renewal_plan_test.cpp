#include "auth/renewal_plan.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime start{1000h};
/// No jitter.
constexpr double middle = 0.5;

AccessToken token_of(SteadyTime issued, SteadyTime::duration lifetime) {
  return {Secret{"token"}, issued, issued + lifetime};
}

/// A plan whose token was renewed at `start`.
RenewalPlan plan_after_renewal(SteadyTime::duration lifetime) {
  RenewalPlan plan{start};
  plan.renewed(token_of(start, lifetime), start);
  return plan;
}

TEST(RenewalPlan, BeginsAtOnce) { EXPECT_EQ(RenewalPlan{start}.next_attempt(), start); }

TEST(RenewalPlan, RenewsAtHalfOfTheLifetime) {
  EXPECT_EQ(plan_after_renewal(24h).next_attempt(), start + 12h);
  EXPECT_EQ(plan_after_renewal(1h).next_attempt(), start + 30min);
  EXPECT_EQ(plan_after_renewal(10s).next_attempt(), start + 5s);
}

TEST(RenewalPlan, RenewsWhenTheTokenSaysIfItDoes) {
  RenewalPlan plan{start};
  auto token = token_of(start, 24h);
  token.renew = start + 20h;

  plan.renewed(token, start);

  EXPECT_EQ(plan.next_attempt(), start + 20h);
}

TEST(RenewalPlan, OfATokenThatShouldHaveBeenRenewedLongAgoIsNoStorm) {
  RenewalPlan plan{start};
  auto token = token_of(start, 24h);
  token.renew = start - 1h;

  plan.renewed(token, start);

  EXPECT_EQ(plan.next_attempt(), start + 1s);
}

TEST(RenewalPlan, AnEndpointThatIsUpdatedIsAskedSoonAfterThe70SecondsThatMayTake) {
  for (const double chance : {0.0, 0.5, 0.999}) {
    RenewalPlan plan{start};
    int tries = 0;

    for (auto now = start; now <= start + 70s; now = plan.next_attempt()) {
      plan.failed(ErrorCode::busy, now, chance);
      ++tries;
    }

    EXPECT_GE(tries, 5) << "soon at first";
    EXPECT_LE(tries, 12);
    EXPECT_LE(plan.next_attempt(), start + 82s) << chance;
  }
}

TEST(RenewalPlan, CountsTheLifetimeFromTheIssueNotFromTheAnswer) {
  RenewalPlan plan{start};

  plan.renewed(token_of(start, 1h), start + 4s);

  EXPECT_EQ(plan.next_attempt(), start + 30min);
}

TEST(RenewalPlan, DyingTokensAreNoStorm) { EXPECT_EQ(plan_after_renewal(1s).next_attempt(), start + 1s); }

TEST(RenewalPlan, PassingFailuresAreRepeatedAsTheServiceAdvises) {
  RenewalPlan plan{start};

  for (const auto pause : {2s, 6s, 14s, 30s, 30s, 30s}) {
    const auto now = plan.next_attempt();
    plan.failed(ErrorCode::unavailable, now, middle);
    EXPECT_EQ(plan.next_attempt() - now, pause);
  }
}

TEST(RenewalPlan, AnEndpointIsLeftAloneForAsLongAsItAsks) {
  RenewalPlan plan{start};

  plan.failed(ErrorCode::throttled, start, middle, 20s);
  EXPECT_EQ(plan.next_attempt(), start + 20s);

  plan.failed(ErrorCode::throttled, start, middle, 1s);
  EXPECT_EQ(plan.next_attempt(), start + 6s) << "and never asked sooner than without";

  plan.failed(ErrorCode::throttled, start, middle, 1h);
  EXPECT_EQ(plan.next_attempt(), start + 5min) << "but not for ever";
}

TEST(RenewalPlan, FinalFailuresAreRepeatedSlowly) {
  for (const auto code : {ErrorCode::unauthenticated, ErrorCode::corrupt, ErrorCode::untrusted}) {
    RenewalPlan plan{start};
    plan.failed(code, start, middle);
    EXPECT_EQ(plan.next_attempt() - start, 30s) << name_of(code);
  }
}

TEST(RenewalPlan, ChanceSpreadsRepetitionsByAFifth) {
  RenewalPlan early{start};
  RenewalPlan late{start};

  early.failed(ErrorCode::unauthenticated, start, 0.0);
  late.failed(ErrorCode::unauthenticated, start, 1.0);

  EXPECT_EQ(early.next_attempt() - start, 24s);
  EXPECT_EQ(late.next_attempt() - start, 36s);
}

TEST(RenewalPlan, ASuccessForgetsTheFailuresBefore) {
  auto plan = plan_after_renewal(1h);
  for (int i = 0; i < 5; ++i) plan.failed(ErrorCode::unavailable, start, middle);
  plan.renewed(token_of(start, 1h), start);

  plan.failed(ErrorCode::unavailable, start + 30min, middle);

  EXPECT_EQ(plan.next_attempt(), start + 30min + 2s);
}

TEST(RenewalPlan, TriesOnceMoreAtTheMomentTheTokenDies) {
  auto plan = plan_after_renewal(1h);

  plan.failed(ErrorCode::unauthenticated, start + 59min + 50s, middle);
  EXPECT_EQ(plan.next_attempt(), start + 1h);

  plan.failed(ErrorCode::unauthenticated, start + 1h, middle);
  EXPECT_EQ(plan.next_attempt(), start + 1h + 30s);
}

TEST(RenewalPlan, ARefusedTokenIsReplacedAtOnce) {
  auto plan = plan_after_renewal(24h);

  plan.rejected(start + 1h);

  EXPECT_EQ(plan.next_attempt(), start + 1h);
}

TEST(RenewalPlan, AServiceThatRefusesEveryTokenCausesNoStorm) {
  auto plan = plan_after_renewal(24h);

  auto now = start;
  for (const auto pause : {0s, 2s, 6s, 14s, 30s, 30s}) {
    plan.rejected(now);
    EXPECT_EQ(plan.next_attempt() - now, pause);
    now = plan.next_attempt();
    plan.renewed(token_of(now, 24h), now);
  }
}

TEST(RenewalPlan, ATokenThatServedForAWhileEndsTheRowOfRefusals) {
  auto plan = plan_after_renewal(24h);
  for (int i = 0; i < 5; ++i) {
    plan.rejected(start);
    plan.renewed(token_of(start, 24h), start);
  }

  plan.rejected(start + 5min);

  EXPECT_EQ(plan.next_attempt(), start + 5min);
}

TEST(RenewalPlan, WhatPassesIsOnlyWhatTheNetworkOrTheLoadMayHaveDone) {
  for (const auto code : {ErrorCode::unavailable, ErrorCode::busy, ErrorCode::unreachable,
                          ErrorCode::throttled, ErrorCode::timed_out}) {
    EXPECT_TRUE(passes(code)) << name_of(code);
  }
  for (const auto code :
       {ErrorCode::unauthenticated, ErrorCode::corrupt, ErrorCode::untrusted, ErrorCode::internal}) {
    EXPECT_FALSE(passes(code)) << name_of(code);
  }
}

}  // namespace
}  // namespace blobmount
