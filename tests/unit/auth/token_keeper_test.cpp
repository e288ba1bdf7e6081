#include "auth/token_keeper.hpp"

#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_token_source.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr Duration lifetime = 24h;
/// Longer than any pause between two attempts.
constexpr Duration longest_pause = 36s;

class Keeper : public testing::Test {
 protected:
  /// Let time pass, and the keeper do what became due. It must become something.
  void pass(Duration step) {
    const int before = source_.requests();
    clock_.advance(step);
    source_.wait_for_requests(before + 1);
    clock_.wait_for_waiters();
  }

  void reject_current(TokenKeeper& keeper) {
    const auto token = keeper.current();
    ASSERT_TRUE(token);
    const int before = source_.requests();
    keeper.reject(*token, {});
    source_.wait_for_requests(before + 1);
    clock_.wait_for_waiters();
  }

  static std::string current_of(const TokenKeeper& keeper) {
    const auto token = keeper.current();
    return token ? std::string(token->value.reveal()) : std::string(name_of(token.error().code));
  }

  tests::ManualClock clock_;
  tests::RecordingLog log_;
  tests::FakeTokenSource source_{clock_, lifetime};
};

/// A keeper that has its first token.
class ServingKeeper : public Keeper {
 protected:
  void SetUp() override {
    ASSERT_TRUE(keeper_.wait_for_first(1min));
    clock_.wait_for_waiters();
  }

  /// The source repeats itself, and the service refuses it on each trial, until the keeper does not try
  /// again.
  void refuse_until_denied() {
    for (reject_current(keeper_); keeper_.current(); reject_current(keeper_)) clock_.advance(14s);
  }

  TokenKeeper keeper_{source_, clock_, log_};
};

TEST_F(ServingKeeper, RenewsAtHalfOfTheLifetime) {
  clock_.advance(lifetime / 2 - 1ms);
  EXPECT_EQ(current_of(keeper_), "token-1");
  EXPECT_EQ(source_.requests(), 1);

  pass(1ms);

  EXPECT_EQ(current_of(keeper_), "token-2");
  EXPECT_EQ(source_.requests(), 2);
}

TEST_F(ServingKeeper, SaysHowItsTokenStands) {
  source_.fail_with(ErrorCode::unavailable, "the endpoint is away");
  pass(lifetime / 2);
  const auto alive = keeper_.life();
  pass(lifetime);
  const auto dead = keeper_.life();

  EXPECT_EQ(alive.age, lifetime / 2);
  EXPECT_EQ(alive.left, lifetime / 2);
  EXPECT_TRUE(alive.serves);
  EXPECT_EQ(alive.failure, "the endpoint is away");
  EXPECT_EQ(dead.left, -lifetime / 2);
  EXPECT_FALSE(dead.serves);
}

TEST_F(ServingKeeper, TheOldTokenServesWhileTheSourceIsSilent) {
  source_.be_silent(true);
  clock_.advance(lifetime / 2);
  source_.wait_for_requests(2);

  EXPECT_EQ(current_of(keeper_), "token-1");

  source_.be_silent(false);
  clock_.wait_for_waiters();
  EXPECT_EQ(current_of(keeper_), "token-2");
}

TEST_F(ServingKeeper, AnOutageIsNotNoticedUntilTheTokenDies) {
  source_.fail_with(ErrorCode::unavailable, "the endpoint is away");
  pass(lifetime / 2);
  for (int i = 0; i < 10; ++i) pass(longest_pause);
  EXPECT_EQ(current_of(keeper_), "token-1");

  pass(lifetime / 2);

  EXPECT_EQ(current_of(keeper_), "unauthenticated");
  EXPECT_THAT(keeper_.current().error().message, HasSubstr("the endpoint is away"));
}

TEST_F(ServingKeeper, RecoversWhenTheOutageEnds) {
  source_.fail_with(ErrorCode::unavailable, "the endpoint is away");
  pass(lifetime);
  EXPECT_EQ(current_of(keeper_), "unauthenticated");

  source_.recover();
  pass(longest_pause);

  EXPECT_EQ(current_of(keeper_), "token-2");
}

TEST_F(ServingKeeper, RecoversWhenARemovedIdentityComesBack) {
  source_.fail_with(ErrorCode::unauthenticated, "Identity not found");
  pass(lifetime / 2);
  EXPECT_EQ(current_of(keeper_), "token-1");
  pass(lifetime / 2);
  EXPECT_EQ(current_of(keeper_), "unauthenticated");

  source_.recover();
  pass(longest_pause);

  EXPECT_EQ(current_of(keeper_), "token-2");
}

TEST_F(ServingKeeper, TellsAnOutageInThreeLinesNotInAThousand) {
  source_.fail_with(ErrorCode::unavailable, "the endpoint is away");
  pass(lifetime / 2);
  for (int i = 0; i < 100; ++i) pass(longest_pause);
  pass(lifetime / 2);
  for (int i = 0; i < 100; ++i) pass(longest_pause);
  source_.recover();
  pass(longest_pause);

  EXPECT_THAT(
      log_.lines_for_operators(),
      ElementsAre("warning token not renewed; the old one still serves reason=the endpoint is away "
                  "serves_for_s=43200",
                  "error no valid token; nothing can be read until there is one reason=the endpoint is away",
                  "info token renewed lifetime_s=86400"));
}

TEST_F(ServingKeeper, SaysNothingToOperatorsWhileAllIsWell) {
  for (int i = 0; i < 10; ++i) pass(lifetime / 2);
  reject_current(keeper_);

  EXPECT_THAT(log_.lines_for_operators(), IsEmpty());
}

TEST_F(ServingKeeper, NeverLogsAToken) {
  pass(lifetime / 2);
  reject_current(keeper_);

  for (const auto& line : log_.lines()) EXPECT_EQ(line.find("token-"), std::string::npos) << line;
}

TEST_F(ServingKeeper, ARefusedTokenIsReplaced) {
  reject_current(keeper_);

  EXPECT_EQ(current_of(keeper_), "token-2");
}

TEST_F(ServingKeeper, ARefusedTokenIsNotHandedOutWhileItIsBeingReplaced) {
  source_.be_silent(true);
  keeper_.reject(*keeper_.current(), {});

  EXPECT_EQ(current_of(keeper_), "unavailable");

  source_.be_silent(false);
}

TEST_F(ServingKeeper, ARefusalDuringAnOutageWaitsForAnAttemptOfItsOwn) {
  source_.fail_with(ErrorCode::unavailable, "the endpoint is away");
  pass(lifetime / 2);
  source_.be_silent(true);

  keeper_.reject(*keeper_.current(), {});

  EXPECT_EQ(current_of(keeper_), "unavailable");

  source_.be_silent(false);
}

TEST_F(ServingKeeper, ARefusedTokenThatCannotBeReplacedNowMayBeSoon) {
  source_.fail_with(ErrorCode::unavailable, "the endpoint is away");

  reject_current(keeper_);

  EXPECT_EQ(current_of(keeper_), "unavailable") << "requests are repeated meanwhile";
  EXPECT_THAT(keeper_.current().error().message, HasSubstr("the endpoint is away"));
  EXPECT_THAT(log_.lines_for_operators(), ElementsAre(StartsWith("error no valid token")));
}

TEST_F(ServingKeeper, ARefusedTokenThatCannotBeReplacedLeavesNone) {
  source_.fail_with(ErrorCode::unavailable, "the endpoint is away");
  reject_current(keeper_);

  clock_.advance(59s);
  EXPECT_EQ(current_of(keeper_), "unavailable");
  clock_.advance(1s);

  EXPECT_EQ(current_of(keeper_), "unauthenticated");
}

TEST_F(ServingKeeper, ARefusedTokenOfAnIdentityThatIsGoneLeavesNoneAtOnce) {
  source_.fail_with(ErrorCode::unauthenticated, "Identity not found");

  reject_current(keeper_);

  EXPECT_EQ(current_of(keeper_), "unauthenticated");
}

TEST_F(ServingKeeper, AHundredThreadsRejectingATokenCauseOneRenewal) {
  const auto token = *keeper_.current();

  std::vector<std::thread> threads;
  for (int i = 0; i < 100; ++i) threads.emplace_back([&] { keeper_.reject(token, {}); });
  for (auto& thread : threads) thread.join();
  source_.wait_for_requests(2);
  clock_.wait_for_waiters();

  EXPECT_EQ(current_of(keeper_), "token-2");
  EXPECT_EQ(source_.requests(), 2);
}

TEST_F(ServingKeeper, RejectingAFormerTokenHasNoEffect) {
  const auto former = *keeper_.current();
  pass(lifetime / 2);

  keeper_.reject(former, {});

  EXPECT_EQ(current_of(keeper_), "token-2");
}

TEST_F(ServingKeeper, ARefusedTokenThatComesBackIsTriedAgainAtOnce) {
  source_.repeat(true);
  clock_.advance(1s);
  reject_current(keeper_);

  EXPECT_EQ(current_of(keeper_), "token-1");
  EXPECT_THAT(log_.lines_for_operators(), IsEmpty());
}

TEST_F(ServingKeeper, ATrialIsNotEndedByWhatWasAskedBeforeIt) {
  source_.repeat(true);
  const auto before = *keeper_.current();
  clock_.advance(1s);
  reject_current(keeper_);

  for (int i = 0; i < 16; ++i) keeper_.reject(before, {});

  EXPECT_EQ(current_of(keeper_), "token-1");
}

TEST_F(ServingKeeper, ARefusedTokenThatHasDiedIsNotWaitedForInAnOutage) {
  source_.fail_with(ErrorCode::unavailable, "the endpoint is away");
  pass(lifetime - 1s);
  reject_current(keeper_);
  EXPECT_EQ(current_of(keeper_), "unavailable") << "the next one may come in time";

  clock_.advance(1s);

  EXPECT_EQ(current_of(keeper_), "unauthenticated");
}

TEST_F(ServingKeeper, ATrialThatWentWellIsForgotten) {
  source_.repeat(true);
  for (int i = 0; i < 20; ++i) {
    reject_current(keeper_);
    EXPECT_EQ(current_of(keeper_), "token-1") << i;
    clock_.advance(1min);
  }
}

TEST_F(ServingKeeper, TellsThatItIsBackOnTrialAfterAnOutage) {
  source_.repeat(true);
  source_.fail_with(ErrorCode::unavailable, "the endpoint is away");
  reject_current(keeper_);
  pass(1min);
  source_.recover();
  pass(longest_pause);

  EXPECT_EQ(current_of(keeper_), "token-1");
  EXPECT_THAT(log_.lines_for_operators(),
              ElementsAre(StartsWith("error no valid token"), StartsWith("info token renewed")));
}

TEST_F(ServingKeeper, ATokenThatIsRefusedOnTrialTooIsRefused) {
  source_.repeat(true);
  refuse_until_denied();

  EXPECT_EQ(current_of(keeper_), "unauthenticated");
  EXPECT_THAT(keeper_.current().error().message, HasSubstr("the service refused the token"));

  pass(longest_pause);
  EXPECT_EQ(current_of(keeper_), "token-1") << "the third trial";
  clock_.advance(14s);
  reject_current(keeper_);
  pass(longest_pause);
  EXPECT_EQ(current_of(keeper_), "unauthenticated") << "the fourth is minutes away";

  source_.repeat(false);
  pass(longest_pause);
  EXPECT_EQ(current_of(keeper_), "token-2");
}

TEST_F(ServingKeeper, ARefusedTokenThatKeepsComingBackIsTriedAgainForTheServiceMayHaveErred) {
  source_.repeat(true);
  refuse_until_denied();

  pass(5min);

  EXPECT_EQ(current_of(keeper_), "token-1");
}

TEST_F(ServingKeeper, TellsOfATokenRefusedAgainAndAgainOnce) {
  source_.repeat(true);
  refuse_until_denied();
  for (int i = 0; i < 50; ++i) {
    pass(5min);
    keeper_.reject(*keeper_.current(), {});
    pass(longest_pause);
    EXPECT_EQ(current_of(keeper_), "unauthenticated");
  }
  pass(5min);
  EXPECT_THAT(log_.lines_for_operators(), ElementsAre(StartsWith("error no valid token")));

  pass(lifetime / 2);

  EXPECT_THAT(log_.lines_for_operators(), ElementsAre(StartsWith("error"), StartsWith("info token renewed")));
}

TEST_F(Keeper, BeforeTheFirstAttemptHasEndedItSaysTryAgain) {
  source_.be_silent(true);
  const TokenKeeper keeper(source_, clock_, log_);

  EXPECT_EQ(current_of(keeper), "unavailable");

  source_.be_silent(false);
}

TEST_F(Keeper, WaitingForTheFirstTokenOutlastsPassingFailures) {
  source_.fail_with(ErrorCode::unavailable, "the endpoint is updating");
  TokenKeeper keeper(source_, clock_, log_);
  auto first = std::async(std::launch::async, [&] { return keeper.wait_for_first(1min); });
  source_.wait_for_requests(1);
  clock_.wait_for_waiters(2);

  source_.recover();
  clock_.advance(3s);

  EXPECT_TRUE(first.get());
  EXPECT_EQ(current_of(keeper), "token-1");
}

TEST_F(Keeper, WaitingForTheFirstTokenEndsWithTheLastFailureWhenTimeIsUp) {
  source_.fail_with(ErrorCode::unavailable, "the endpoint is updating");
  TokenKeeper keeper(source_, clock_, log_);
  auto first = std::async(std::launch::async, [&] { return keeper.wait_for_first(10s); });
  source_.wait_for_requests(1);
  clock_.wait_for_waiters(2);

  clock_.advance(10s);

  const auto status = first.get();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::unavailable);
  EXPECT_EQ(status.error().message, "the endpoint is updating");
}

TEST_F(Keeper, WaitingForTheFirstTokenEndsInTimeWhereTheSourceIsSilent) {
  source_.be_silent(true);
  TokenKeeper keeper(source_, clock_, log_);
  auto first = std::async(std::launch::async, [&] { return keeper.wait_for_first(10s); });
  clock_.wait_for_waiters(1);

  clock_.advance(10s);

  const auto status = first.get();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::timed_out);
  EXPECT_THAT(status.error().message, HasSubstr("a fake identity"));
  source_.be_silent(false);
}

TEST_F(Keeper, WaitingForTheFirstTokenEndsAtOnceWhereNoneCanCome) {
  for (const auto code : {ErrorCode::unauthenticated, ErrorCode::corrupt, ErrorCode::unreachable}) {
    source_.fail_with(code, "no use");
    TokenKeeper keeper(source_, clock_, log_);

    const auto status = keeper.wait_for_first(24h);

    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, code);
    EXPECT_EQ(current_of(keeper), "unauthenticated");
  }
}

TEST_F(Keeper, TellsWhoWaitsForTheFirstTokenAndNotTheLog) {
  source_.fail_with(ErrorCode::unauthenticated, "Identity not found");
  TokenKeeper keeper(source_, clock_, log_);

  ASSERT_FALSE(keeper.wait_for_first(1min));
  clock_.wait_for_waiters();

  EXPECT_THAT(log_.lines(), IsEmpty());
}

TEST_F(Keeper, BeforeTheFirstTokenItSaysWhyThereIsNone) {
  source_.fail_with(ErrorCode::unauthenticated, "Identity not found");
  TokenKeeper keeper(source_, clock_, log_);
  ASSERT_FALSE(keeper.wait_for_first(1min));

  const auto life = keeper.life();

  EXPECT_FALSE(life.age || life.left);
  EXPECT_FALSE(life.serves);
  EXPECT_EQ(life.failure, "Identity not found");
}

TEST_F(Keeper, EndsPromptlyWhileItWaits) {
  TokenKeeper keeper(source_, clock_, log_);
  ASSERT_TRUE(keeper.wait_for_first(1min));
  clock_.wait_for_waiters();

  // its destructor returns, though no time passes
}

}  // namespace
}  // namespace blobmount
