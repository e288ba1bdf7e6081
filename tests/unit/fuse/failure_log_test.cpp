#include "fuse/failure_log.hpp"

#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/open_log.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class FailureLogTest : public testing::Test {
 protected:
  void fail_read(int times, int first = 0) {
    for (int i = first; i < first + times; ++i)
      failures_.failed({"read", "/f" + std::to_string(i)}, EACCES, {ErrorCode::permission_denied, "no"});
  }

  tests::RecordingLog log_;
  tests::ManualClock clock_;
  FailureLog failures_{log_, clock_, clock_, {.most = 3, .window = 60s}};
};

TEST_F(FailureLogTest, AFailureIsToldWithAllThatFindsItAgain) {
  Error error{ErrorCode::permission_denied, "read 'docs/a': the service refuses this"};
  error.request = std::make_shared<const FailedRequest>(
      FailedRequest{.status = 403, .service_code = "AuthorizationFailure", .id = "s1", .client_id = "c1"});

  failures_.failed({"read", "/docs/a"}, EACCES, error);

  EXPECT_THAT(
      log_.lines(),
      ElementsAre("warning operation failed operation=read path=/docs/a errno=EACCES "
                  "error=permission_denied status=403 service_code=AuthorizationFailure request_id=s1 "
                  "client_request_id=c1 reason=read 'docs/a': the service refuses this"));
}

TEST_F(FailureLogTest, WhatIsNoNewsIsForDevelopersOnly) {
  failures_.failed({"lookup", "/a"}, ENOENT, {ErrorCode::not_found, "gone"});
  failures_.failed({"open", "/a"}, ESTALE, {ErrorCode::changed, "overwritten"});
  failures_.failed({"read", "/a"}, EIO, {ErrorCode::cancelled, "ending"});

  EXPECT_THAT(log_.lines_for_operators(), IsEmpty());
  EXPECT_THAT(log_.lines(), SizeIs(3));
}

TEST_F(FailureLogTest, SaysWhatItWouldWriteNothingOf) {
  const auto quiet = log_to_stderr(LogLevel::info);
  const FailureLog failures(*quiet, clock_, clock_);

  EXPECT_FALSE(failures.tells("lookup", ErrorCode::not_found));
  EXPECT_TRUE(failures.tells("lookup", ErrorCode::permission_denied));
  EXPECT_TRUE(failures_.tells("lookup", ErrorCode::not_found)) << "at debug all is written";
}

TEST_F(FailureLogTest, ABlobOverwrittenUnderAReaderIsNews) {
  failures_.failed({"read", "/a"}, ESTALE, {ErrorCode::changed, "overwritten"});

  EXPECT_THAT(log_.lines(),
              ElementsAre(StartsWith("warning operation failed operation=read path=/a errno=ESTALE")));
}

TEST_F(FailureLogTest, AFloodIsCountedNotRepeated) {
  fail_read(1237);
  EXPECT_THAT(log_.lines(), SizeIs(3));

  clock_.advance(60s);

  ASSERT_THAT(log_.lines(), SizeIs(4));
  EXPECT_EQ(log_.lines()[3],
            "warning and 1,234 more like this in 60 s operation=read error=permission_denied count=1234");
}

TEST_F(FailureLogTest, AfterAFloodTheNextOneIsToldAgain) {
  fail_read(5);
  clock_.advance(60s);
  fail_read(1);

  ASSERT_THAT(log_.lines(), SizeIs(5));
  EXPECT_THAT(log_.lines()[3], StartsWith("warning and 2 more like this in 60 s"));
  EXPECT_THAT(log_.lines()[4], StartsWith("warning operation failed"));
}

TEST_F(FailureLogTest, OtherErrorsAndOperationsAreNoPartOfAFlood) {
  fail_read(3);

  failures_.failed({"read", "/a"}, EIO, {ErrorCode::timed_out, "slow"});
  failures_.failed({"opendir", "/a"}, EACCES, {ErrorCode::permission_denied, "no"});

  EXPECT_THAT(log_.lines(), SizeIs(5));
}

TEST_F(FailureLogTest, TheKernelsSecondAttemptIsNoFailureOfItsOwn) {
  fail_read(1);
  clock_.advance(100ms);
  fail_read(1);
  clock_.advance(1h);

  EXPECT_THAT(log_.lines(), SizeIs(1));
}

TEST(FailureLogAtTheEnd, TellsWhatItHasCounted) {
  /// Runs what is pending when it ends, as the network does; no failure log is there any more.
  class Ending final : public Scheduler {
   public:
    void run_after(Duration /*delay*/, std::function<void()> action) override {
      actions.push_back(std::move(action));
    }
    std::vector<std::function<void()>> actions;
  };
  tests::RecordingLog log;
  tests::ManualClock clock;
  Ending ending;
  {
    FailureLog failures(log, clock, ending, {.most = 1, .window = 60s});
    for (const auto* path : {"/a", "/b", "/c"})
      failures.failed({"read", path}, EIO, {ErrorCode::timed_out, "slow"});
  }
  clock.advance(5s);

  for (const auto& action : ending.actions) action();

  ASSERT_THAT(log.lines(), SizeIs(2));
  EXPECT_THAT(log.lines()[1], StartsWith("warning and 2 more like this in 5 s"));
}

}  // namespace
}  // namespace blobmount
