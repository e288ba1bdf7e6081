#include "app/access_check.hpp"

#include <chrono>
#include <future>

#include <gtest/gtest.h>

#include "fakes/fake_token_source.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;

class FirstToken : public testing::Test {
 protected:
  /// The source fails with `code` for `outage`; then it is asked again within `longest_pause`.
  Status wait_through(ErrorCode code, Duration outage, Duration longest_pause, Credential credential = {}) {
    source_.fail_with(code, "not now");
    TokenKeeper keeper(source_, clock_, log_);
    auto told =
        std::async(std::launch::async, [&keeper, &credential] { return wait_for_token(keeper, credential); });
    for (Duration passed{0}; passed < outage; passed += 1s) {
      clock_.wait_for_waiters(2);
      clock_.advance(1s);
    }
    clock_.wait_for_waiters(2);
    source_.recover();
    clock_.advance(longest_pause);
    return told.get();
  }
  /// For as long as anybody waits.
  Status wait_in_vain(ErrorCode code, Duration patience) {
    source_.fail_with(code, "not now");
    TokenKeeper keeper(source_, clock_, log_);
    auto told = std::async(std::launch::async, [&keeper] { return wait_for_token(keeper, {}); });
    for (Duration passed{0}; passed < patience; passed += 1s) {
      clock_.wait_for_waiters(2);
      clock_.advance(1s);
    }
    return told.get();
  }

  tests::ManualClock clock_;
  tests::RecordingLog log_;
  tests::FakeTokenSource source_{clock_, 24h};
};

TEST_F(FirstToken, OfAnEndpointThatIsUpdatedFor70SecondsIsWaitedFor) {
  EXPECT_TRUE(wait_through(ErrorCode::busy, 69s, 13s));
}

TEST_F(FirstToken, OfAnEndpointThatFailsOrIsThrottledIsWaitedFor) {
  for (const auto code : {ErrorCode::unavailable, ErrorCode::throttled})
    EXPECT_TRUE(wait_through(code, 40s, 24s)) << name_of(code);
}

TEST_F(FirstToken, OfANamedIdentityIsWaitedForUntilTheNetworkIsUp) {
  EXPECT_TRUE(wait_through(ErrorCode::unreachable, 40s, 24s, ManagedIdentity{}));
  EXPECT_TRUE(wait_through(ErrorCode::unreachable, 40s, 24s, FederatedIdentity{}));
}

TEST_F(FirstToken, IsNotWaitedForWhereNobodyIsThereAndNoIdentityIsNamed) {
  source_.fail_with(ErrorCode::unreachable, "no endpoint");
  TokenKeeper keeper(source_, clock_, log_);

  const auto told = wait_for_token(keeper, AutomaticIdentity{});

  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().message, "no endpoint");
}

TEST_F(FirstToken, IsWaitedForLessThanAServiceManagerWaitsForUs) {
  const auto told = wait_in_vain(ErrorCode::unavailable, 84s);

  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().message, "not now");
}

TEST_F(FirstToken, OfASourceThatSaysNothingIsNotWaitedForLong) {
  const auto told = wait_in_vain(ErrorCode::timed_out, 11s);

  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, ErrorCode::timed_out);
}

}  // namespace
}  // namespace blobmount
