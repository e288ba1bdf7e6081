/// Source, plan, keeper and transport together, over days and in crowds.

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/bearer_transport.hpp"
#include "auth/token_keeper.hpp"
#include "auth/token_response.hpp"
#include "fakes/access_token.hpp"
#include "fakes/fake_token_source.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "fakes/scripted_transport.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// An endpoint's answers, read as the real ones are. Its calendar is `skew` ahead of this machine's.
class AnsweringSource final : public TokenSource {
 public:
  struct Habits {
    seconds lifetime = 1h;
    seconds refresh_in = 0s;  ///< 0: not said
    seconds skew = 0s;
    bool says_expires_in = true;
    seconds caches_until = 0s;  ///< gives a token again until it has only that long to live; 0: never
  };

  AnsweringSource(tests::ManualClock& clock, Habits habits) : clock_(clock), habits_(habits) {}

  Result<AccessToken> request_token() override {
    ++requests_;
    const auto now = clock_.now();
    if (away_) return Error{ErrorCode::unavailable, "away"};
    if (habits_.caches_until == 0s || expires_ - now <= habits_.caches_until) {
      expires_ = now + habits_.lifetime;
      ++issued_;
    }
    return parse_token(answer(now), now, clock_.wall_now());
  }
  [[nodiscard]] std::string description() const override { return "an endpoint"; }

  void go_away(bool yes) { away_ = yes; }
  [[nodiscard]] int requests() const { return requests_; }
  [[nodiscard]] int issued() const { return issued_; }

 private:
  [[nodiscard]] std::string answer(SteadyTime now) const {
    const auto left = duration_cast<seconds>(expires_ - now);
    const auto on = duration_cast<seconds>(clock_.wall_now().time_since_epoch()) + habits_.skew + left;
    std::string text = R"({"access_token":"token-)" + std::to_string(issued_) + R"(","token_type":"Bearer")";
    if (habits_.says_expires_in) text += R"(,"expires_in":")" + std::to_string(left.count()) + '"';
    if (habits_.refresh_in > 0s) text += R"(,"refresh_in":)" + std::to_string(habits_.refresh_in.count());
    return text + R"(,"expires_on":")" + std::to_string(on.count()) + "\"}";
  }

  tests::ManualClock& clock_;
  const Habits habits_;
  std::atomic<bool> away_{false};
  std::atomic<int> requests_{0}, issued_{0};
  SteadyTime expires_{};
};

class TokenLife : public testing::Test {
 protected:
  /// Let `time` pass minute by minute; there is a valid token at every one of them.
  void live(const TokenKeeper& keeper, Duration time) {
    for (Duration passed{0}; passed < time; passed += 1min) {
      clock_.advance(1min);
      clock_.wait_for_waiters();
      const auto token = keeper.current();
      ASSERT_TRUE(token) << token.error().message;
      ASSERT_GT(token->expires, clock_.now());
    }
  }
  /// A day of a keeper of its own.
  void live_a_day(AnsweringSource& source) {
    TokenKeeper keeper(source, clock_, log_);
    ASSERT_TRUE(keeper.wait_for_first(1min));
    clock_.wait_for_waiters();
    live(keeper, 24h);
  }

  tests::ManualClock clock_;
  tests::RecordingLog log_;
};

TEST_F(TokenLife, ADayOfTokensOfAnHourHasARenewalEachHalfHour) {
  AnsweringSource source(clock_, {.lifetime = 1h});

  live_a_day(source);

  EXPECT_EQ(source.requests(), 1 + 48);
  EXPECT_THAT(log_.lines_for_operators(), IsEmpty());
}

TEST_F(TokenLife, ADayOfTokensWithAdviceHasARenewalWheneverItIsAdvised) {
  AnsweringSource source(clock_, {.lifetime = 3h, .refresh_in = 2h});

  live_a_day(source);

  EXPECT_EQ(source.requests(), 1 + 12);
}

TEST_F(TokenLife, ADayOfForeignClocksIsLikeAnyOther) {
  for (const auto skew : {seconds{-26h}, seconds{-5min}, seconds{26h}}) {
    AnsweringSource source(clock_, {.lifetime = 1h, .skew = skew});
    live_a_day(source);
    EXPECT_EQ(source.requests(), 1 + 48) << skew.count();
  }
}

TEST_F(TokenLife, AClockThatIsSomeMinutesWrongIsBorneWhereOnlyADateIsSaid) {
  for (const auto skew : {seconds{-5min}, seconds{5min}}) {
    AnsweringSource source(clock_, {.lifetime = 1h, .skew = skew, .says_expires_in = false});
    live_a_day(source);
    EXPECT_GE(source.requests(), 24);
    EXPECT_LE(source.requests(), 60);
  }
}

TEST_F(TokenLife, ADayOfACachingEndpointIsNoStorm) {
  AnsweringSource source(clock_, {.lifetime = 24h, .caches_until = 5min});

  live_a_day(source);

  EXPECT_EQ(source.issued(), 2) << "one more, when the first had five minutes left";
  EXPECT_LE(source.requests(), 15);
}

TEST_F(TokenLife, ADayOfOutagesThatAreShorterThanHalfOfALifeIsNotNoticed) {
  AnsweringSource source(clock_, {.lifetime = 1h});
  TokenKeeper keeper(source, clock_, log_);
  ASSERT_TRUE(keeper.wait_for_first(1min));
  clock_.wait_for_waiters();

  for (int hour = 0; hour < 24; ++hour) {
    live(keeper, 20min);
    source.go_away(true);
    live(keeper, 25min);
    source.go_away(false);
    live(keeper, 15min);
  }

  EXPECT_LE(log_.lines_for_operators().size(), 2U * 24) << "that it fails, and that it works again";
  EXPECT_LE(source.requests(), 24 * 60) << "twice a minute at most while it is away";
}

TEST_F(TokenLife, AnEndpointThatIsBeingUpdatedWhenTheMountBeginsIsWaitedFor) {
  AnsweringSource source(clock_, {});
  source.go_away(true);
  TokenKeeper keeper(source, clock_, log_);
  clock_.wait_for_waiters();

  for (int second = 0; second < 70; ++second) {
    clock_.advance(1s);
    clock_.wait_for_waiters();
    ASSERT_FALSE(keeper.current());
  }
  source.go_away(false);
  clock_.advance(36s);
  clock_.wait_for_waiters();

  EXPECT_TRUE(keeper.current()) << "it needs nobody's help";
}

TEST_F(TokenLife, AHundredReadersOfARefusedTokenCauseOneRenewalAndAllAreServed) {
  tests::FakeTokenSource source(clock_, 24h);
  TokenKeeper keeper(source, clock_, log_);
  ASSERT_TRUE(keeper.wait_for_first(1min));
  clock_.wait_for_waiters();
  tests::ScriptedTransport service([](const HttpRequest& request) -> Result<HttpResponse> {
    return HttpResponse{.status = request.headers.get("Authorization") == "Bearer token-1" ? 401 : 200};
  });
  BearerTransport bearer(service, keeper);

  std::atomic<int> served{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 100; ++i) {
    readers.emplace_back([&] {
      // as the transport above does: while it is refused, or being replaced
      for (int status = 0; status != 200;) {
        const auto answer = tests::answer_of(bearer, {.url = parse_url("https://a.example/").value()});
        if (!answer && answer.error().code != ErrorCode::unavailable) return;
        status = answer ? answer->status : 0;
      }
      ++served;
    });
  }
  for (auto& reader : readers) reader.join();

  EXPECT_EQ(served, 100);
  EXPECT_EQ(source.requests(), 2) << "the first, and one in its place";
}

class ChallengedKeeper : public TokenLife {
 protected:
  void SetUp() override {
    ASSERT_TRUE(keeper_.wait_for_first(1min));
    clock_.wait_for_waiters();
  }
  void reject_with(const BearerChallenge& challenge) {
    const auto token = keeper_.current();
    ASSERT_TRUE(token);
    const int before = source_.requests();
    keeper_.reject(*token, challenge);
    clock_.advance(30s);  // it may be one of a row
    source_.wait_for_requests(before + 1);
    clock_.wait_for_waiters();
  }
  [[nodiscard]] std::string current() const { return std::string(keeper_.current().value().value.reveal()); }

  tests::FakeTokenSource source_{clock_, 24h};
  TokenKeeper keeper_{source_, clock_, log_};
};

TEST_F(ChallengedKeeper, ATokenOfTheWrongTenantIsReplacedByOneOfTheRightOneAndThatIsSaid) {
  reject_with({.tenant = "contoso.com"});

  EXPECT_EQ(current(), "contoso.com-token-2");
  EXPECT_THAT(log_.lines_for_operators(),
              ElementsAre(AllOf(StartsWith("warning"), HasSubstr("now for contoso.com"))));
}

/// Has one token, of the tenant that it is in, and no other.
class OneTenantSource final : public TokenSource {
 public:
  explicit OneTenantSource(Clock& clock) : clock_(clock) {}
  Result<AccessToken> request_token() override {
    ++requests;
    tests::TokenClaims claims{};
    claims.tenant = "home-tenant";
    return AccessToken{Secret{tests::make_token(claims)}, clock_.now(), clock_.now() + 24h};
  }
  [[nodiscard]] std::string description() const override { return "managed identity"; }

  std::atomic<int> requests{0};

 private:
  Clock& clock_;
};

TEST_F(TokenLife, AnIdentityOfAnotherTenantThanTheServiceTakesIsToldOfFederation) {
  OneTenantSource source(clock_);
  TokenKeeper keeper(source, clock_, log_);
  ASSERT_TRUE(keeper.wait_for_first(1min));
  clock_.wait_for_waiters();

  keeper.reject(*keeper.current(), {.tenant = "other-tenant"});
  while (source.requests < 2) std::this_thread::yield();
  clock_.wait_for_waiters();

  const auto none = keeper.current();
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message,
              AllOf(HasSubstr("of tenant home-tenant, and the service takes those of other-tenant"),
                    HasSubstr("federated-identity")));
}

TEST_F(ChallengedKeeper, WhatIsAskedForAlreadyIsNotSaidAgain) {
  for (int i = 0; i < 5; ++i) reject_with({.tenant = "contoso.com"});

  EXPECT_EQ(current(), "contoso.com-token-6");
  EXPECT_EQ(log_.lines_for_operators().size(), 1U);
}

TEST_F(ChallengedKeeper, ARefusalThatSaysNothingChangesNothing) {
  reject_with({});

  EXPECT_EQ(current(), "token-2");
  EXPECT_EQ(source_.challenges(), 0);
  EXPECT_THAT(log_.lines_for_operators(), IsEmpty());
}

TEST_F(ChallengedKeeper, AServiceThatWantsAnotherTenantEachTimeIsFollowedThreeTimes) {
  for (int i = 0; i < 50; ++i) reject_with({.tenant = "t" + std::to_string(i) + ".com"});

  EXPECT_EQ(source_.challenges(), 3);
  EXPECT_EQ(log_.lines_for_operators().size(), 3U);
  EXPECT_EQ(current(), "t2.com-token-51");
}

}  // namespace
}  // namespace blobmount
