#include "blob/refusal_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"

namespace blobmount::tests {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const Error no_role{ErrorCode::permission_denied, "no role"};
const Error no_token{ErrorCode::unauthenticated, "no token"};
const Error archived{ErrorCode::not_permitted, "archived"};

class RefusalLogTest : public testing::Test {
 protected:
  ManualClock clock_;
  RecordingLog log_;
  RefusalLog refusals_{clock_, log_};
};

TEST_F(RefusalLogTest, ARefusalIsToldOnceNotAThousandTimes) {
  for (int i = 0; i < 1000; ++i) {
    refusals_.failed("docs", no_role);
    clock_.advance(seconds{1});
  }

  EXPECT_THAT(
      log_.lines(),
      ElementsAre("info requests fail; told once until they work again container=docs reason=no role"));
}

TEST_F(RefusalLogTest, ThatItWorksAgainIsToldOnceWithTheCount) {
  for (int i = 0; i < 3; ++i) refusals_.failed("docs", no_role);
  refusals_.succeeded("docs");
  refusals_.succeeded("docs");

  EXPECT_THAT(log_.lines(), ElementsAre(StartsWith("info requests fail"),
                                        "info requests work again container=docs failed=3"));
}

TEST_F(RefusalLogTest, AnOutageIsToldToo) {
  for (int i = 0; i < 100; ++i) refusals_.failed("docs", {ErrorCode::timed_out, "no answer"});

  EXPECT_THAT(log_.lines(), ElementsAre(HasSubstr("container=docs reason=no answer")));
}

TEST_F(RefusalLogTest, WhatOnlyTheProgramNeedsToKnowIsNoNews) {
  refusals_.succeeded("docs");
  refusals_.failed("docs", {ErrorCode::not_found, "no such blob"});
  refusals_.failed("docs", {ErrorCode::changed, "another version"});
  refusals_.failed("docs", {ErrorCode::cancelled, "nobody wants the rest"});
  refusals_.succeeded("docs");

  EXPECT_THAT(log_.lines(), IsEmpty());
}

TEST_F(RefusalLogTest, EachContainerAndEachKindIsToldOfItsOwn) {
  refusals_.failed("docs", no_role);
  refusals_.failed("docs", no_token);
  refusals_.failed("docs2", no_role);
  refusals_.failed("", no_role);
  refusals_.succeeded("docs2");

  EXPECT_THAT(log_.lines(), ElementsAre(HasSubstr("container=docs reason=no role"),
                                        HasSubstr("container=docs reason=no token"),
                                        HasSubstr("container=docs2 reason=no role"),
                                        HasSubstr("container=(the account) reason=no role"),
                                        "info requests work again container=docs2 failed=1"));
}

TEST_F(RefusalLogTest, WhereRefusalAndSuccessTakeTurnsItIsToldOnceAMinute) {
  for (int second = 0; second < 180; ++second) {
    refusals_.failed("docs", archived);
    refusals_.succeeded("docs");
    clock_.advance(seconds{1});
  }

  EXPECT_EQ(log_.lines().size(), 6U);  // three times refused, three times working again
}

TEST_F(RefusalLogTest, ARefusalThatComesBackAtOnceAndStaysIsToldAfterAMinute) {
  refusals_.failed("docs", no_role);
  refusals_.succeeded("docs");
  refusals_.failed("docs", no_role);
  ASSERT_EQ(log_.lines().size(), 2U);

  clock_.advance(seconds{60});
  refusals_.failed("docs", no_role);
  refusals_.succeeded("docs");

  ASSERT_EQ(log_.lines().size(), 4U);
  EXPECT_EQ(log_.lines().back(), "info requests work again container=docs failed=2");
}

}  // namespace
}  // namespace blobmount::tests
