#include "http/retrying_transport.hpp"

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/manual_clock.hpp"
#include "fakes/scripted_transport.hpp"
#include "unit/http/collecting_sink.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::answer_of;
using tests::CollectingSink;
using tests::ManualClock;
using tests::ScriptedTransport;

const std::string content = "abcdefghijklmnopqrstuvwxyz";

HttpResponse response(int status) { return {.status = status}; }
Error failure(ErrorCode code) { return {code, "that"}; }

/// Runs at once what is to run later, as a scheduler that has stopped does.
class StoppedScheduler final : public Scheduler {
 public:
  void run_after(Duration /*delay*/, std::function<void()> action) override { action(); }
};

class Retrying : public testing::Test {
 protected:
  void begin(HttpRequest request = {}) {
    retrying_.start(std::move(request), [this](Result<HttpResponse> outcome) {
      EXPECT_FALSE(outcome_) << "a completion runs exactly once";
      outcome_ = std::move(outcome);
    });
  }

  /// What the tries so far asked for.
  [[nodiscard]] std::vector<std::string> ranges() const {
    std::vector<std::string> ranges;
    for (const auto& request : network_.requests()) {
      ranges.push_back(request.range ? range_header(*request.range) : "all");
    }
    return ranges;
  }

  /// A body that breaks off after `length` bytes, as the network would hand it to the sink.
  Result<HttpResponse> broken_after(const HttpRequest& request, std::uint64_t length) {
    const auto piece = std::string_view(content).substr(request.range->offset, length);
    EXPECT_TRUE(request.sink->begin(response(206), *request.range));
    EXPECT_TRUE(request.sink->append(std::as_bytes(std::span(piece))));
    if (length == request.range->length) return response(206);
    return failure(ErrorCode::unavailable);
  }

  ManualClock clock_;
  std::deque<ScriptedTransport::Script> script_;
  ScriptedTransport network_{[this](const HttpRequest& request) -> Result<HttpResponse> {
    if (script_.empty()) return response(503);
    const auto answer = std::move(script_.front());
    script_.pop_front();
    return answer(request);
  }};
  RetryingTransport retrying_{network_, clock_, clock_, RetryPolicy{}, [] { return 0.0; }};
  std::optional<Result<HttpResponse>> outcome_;
};

TEST_F(Retrying, WhatSucceedsIsPassedOn) {
  script_ = {[](auto&) { return HttpResponse{200, {{"ETag", "e"}}, "hello"}; }};

  begin({.method = "PUT", .headers = {{"x-ms-version", "1"}}, .body = "body", .direct = true});

  ASSERT_TRUE(outcome_ && *outcome_);
  EXPECT_EQ((*outcome_)->body, "hello");
  EXPECT_EQ((*outcome_)->headers.get("ETag"), "e");
  const auto sent = network_.requests();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].method, "PUT");
  EXPECT_EQ(sent[0].body, "body");
  EXPECT_EQ(sent[0].headers.get("x-ms-version"), "1");
  EXPECT_TRUE(sent[0].direct);
}

TEST_F(Retrying, AFinalAnswerIsNotRepeated) {
  script_ = {[](auto&) { return response(404); }};

  begin();
  clock_.advance(1h);

  EXPECT_EQ((*outcome_)->status, 404);
  EXPECT_THAT(network_.requests(), SizeIs(1));
}

TEST_F(Retrying, WhatPassesIsRepeatedAfterThePause) {
  script_ = {[](auto&) { return response(503); }, [](auto&) { return failure(ErrorCode::unavailable); },
             [](auto&) { return response(200); }};

  begin({.method = "PUT", .body = "body"});
  clock_.advance(49ms);
  EXPECT_THAT(network_.requests(), SizeIs(1));
  clock_.advance(1ms);
  EXPECT_THAT(network_.requests(), SizeIs(2));
  EXPECT_FALSE(outcome_);
  clock_.advance(100ms);

  ASSERT_TRUE(outcome_ && *outcome_);
  EXPECT_EQ((*outcome_)->status, 200);
  ASSERT_THAT(network_.requests(), SizeIs(3));
  EXPECT_EQ(network_.requests()[2].body, "body");
}

TEST_F(Retrying, WaitsAsTheServiceAsks) {
  script_ = {[](auto&) {
               return HttpResponse{.status = 429, .headers = {{"Retry-After", "7"}}};
             },
             [](auto&) { return response(200); }};

  begin();
  clock_.advance(6999ms);
  EXPECT_FALSE(outcome_);
  clock_.advance(1ms);

  EXPECT_EQ((*outcome_)->status, 200);
}

TEST_F(Retrying, GivesUpAfterTheBudgetWithWhatCameLast) {
  const auto began = clock_.now();
  auto given_up = began;

  begin();
  while (!outcome_ && clock_.now() < began + 1h) {
    clock_.advance(50ms);
    given_up = clock_.now();
  }

  ASSERT_TRUE(outcome_ && *outcome_);
  EXPECT_EQ((*outcome_)->status, 503);
  EXPECT_LE(given_up - began, 60s);
  EXPECT_GE(given_up - began, 50s);
}

TEST_F(Retrying, TheTimeThatTriesTakeCounts) {
  script_ = {[this](auto&) {
    clock_.advance(60s);
    return failure(ErrorCode::timed_out);
  }};

  begin();

  ASSERT_TRUE(outcome_ && !*outcome_);
  EXPECT_EQ(outcome_->error().code, ErrorCode::timed_out);
  EXPECT_THAT(network_.requests(), SizeIs(1));
}

TEST_F(Retrying, AfterAStallTheNextOneIsNoticedSoonAndElsewhere) {
  script_ = {[](auto&) { return failure(ErrorCode::timed_out); },
             [](auto&) { return failure(ErrorCode::timed_out); },
             [](auto&) { return failure(ErrorCode::timed_out); },
             [](auto&) { return failure(ErrorCode::unavailable); },
             [](auto&) { return failure(ErrorCode::timed_out); },
             [](auto&) { return response(500); },
             [](auto&) { return response(200); }};

  begin({.limits = {.connect = 7s, .stall = 10s, .total = 20s}});
  clock_.advance(1min);

  EXPECT_EQ((*outcome_)->status, 200);
  std::vector<Duration> stall_limits;
  std::vector<bool> fresh;
  for (const auto& request : network_.requests()) {
    stall_limits.push_back(request.limits.stall);
    fresh.push_back(request.fresh_connection);
    EXPECT_EQ(request.limits.connect, 7s);
    EXPECT_EQ(request.limits.total, 20s);
  }
  EXPECT_THAT(stall_limits, ElementsAre(10s, 1s, 1s, 2s, 10s, 1s, 10s));
  EXPECT_THAT(fresh, ElementsAre(false, true, true, true, false, true, false));
}

TEST_F(Retrying, ALineThatGetsOnIsNotGivenUpAndOneThatStopsIs) {
  const std::string piece(512U << 10U, 'x');
  int tries = 0;
  // 20 s for each 512 KiB: slower than most, and not a drip
  const auto slow = [&](const HttpRequest& request) -> Result<HttpResponse> {
    clock_.advance(20s);
    EXPECT_TRUE(request.sink->append(std::as_bytes(std::span(piece))));
    if (++tries == 20) return response(206);
    return failure(ErrorCode::timed_out);
  };
  script_.assign(20, slow);
  begin({.range = ByteRange{0, 10U << 20U}, .sink = std::make_shared<CollectingSink>()});
  clock_.advance(1h);
  EXPECT_TRUE(outcome_ && *outcome_);

  outcome_.reset();
  script_.assign(20, [this](auto&) {
    clock_.advance(20s);
    return failure(ErrorCode::timed_out);
  });
  begin({.range = ByteRange{0, 10U << 20U}, .sink = std::make_shared<CollectingSink>()});
  clock_.advance(1h);
  ASSERT_TRUE(outcome_ && !*outcome_);
  EXPECT_EQ(script_.size(), 17U);
}

TEST_F(Retrying, AnOutageAfterMostOfALargeBodyEndsWithinTheBudget) {
  const std::string most(15U << 20U, 'x');
  script_ = {[&](const HttpRequest& request) -> Result<HttpResponse> {
    clock_.advance(1s);
    EXPECT_TRUE(request.sink->append(std::as_bytes(std::span(most))));
    return failure(ErrorCode::unavailable);
  }};

  begin({.range = ByteRange{0, 16U << 20U}, .sink = std::make_shared<CollectingSink>()});
  clock_.advance(50s);
  EXPECT_FALSE(outcome_);
  clock_.advance(10s);

  ASSERT_TRUE(outcome_ && *outcome_);
  EXPECT_EQ((*outcome_)->status, 503);
}

TEST_F(Retrying, ALineThatGetsOnInEachTryIsNotGivenUpHoweverLongItTakes) {
  const std::string piece(64U << 10U, 'x');
  // each brings what may take 4 s, after a pause of 3 s at most
  script_.assign(256, [&](const HttpRequest& request) -> Result<HttpResponse> {
    EXPECT_TRUE(request.sink->append(std::as_bytes(std::span(piece))));
    if (request.range->length == piece.size()) return response(206);
    return failure(ErrorCode::timed_out);
  });

  begin({.range = ByteRange{0, 16U << 20U}, .sink = std::make_shared<CollectingSink>()});
  clock_.advance(1h);

  EXPECT_TRUE(outcome_ && *outcome_);
  EXPECT_THAT(script_, IsEmpty());
}

TEST_F(Retrying, ALineThatDripsIsGivenUp) {
  const std::string drop(1000, 'x');
  script_.assign(100, [&](const HttpRequest& request) -> Result<HttpResponse> {
    clock_.advance(10s);
    EXPECT_TRUE(request.sink->append(std::as_bytes(std::span(drop))));
    return failure(ErrorCode::timed_out);
  });

  begin({.range = ByteRange{0, 16U << 20U}, .sink = std::make_shared<CollectingSink>()});
  clock_.advance(1h);

  ASSERT_TRUE(outcome_ && !*outcome_);
  EXPECT_EQ(outcome_->error().code, ErrorCode::timed_out);
  EXPECT_GE(script_.size(), 93U);
}

TEST_F(Retrying, ABodyThatNobodyWantsIsNotAskedForAgain) {
  script_ = {[](auto&) { return failure(ErrorCode::cancelled); }};

  begin({.range = ByteRange{0, 20}, .sink = std::make_shared<CollectingSink>()});
  clock_.advance(1h);

  ASSERT_TRUE(outcome_ && !*outcome_);
  EXPECT_EQ(outcome_->error().code, ErrorCode::cancelled);
  EXPECT_THAT(network_.requests(), SizeIs(1));
}

TEST_F(Retrying, ABodyThatNobodyWantsAnyMoreIsNotAskedForAfterThePause) {
  bool wanted = true;
  const auto sink =
      std::make_shared<CollectingSink>(CollectingSink::Orders{.wanted = [&wanted] { return wanted; }});
  begin({.range = ByteRange{0, 20}, .sink = sink});
  EXPECT_FALSE(outcome_) << "it waits for its second try";

  wanted = false;
  clock_.advance(1h);

  ASSERT_TRUE(outcome_ && !*outcome_);
  EXPECT_EQ(outcome_->error().code, ErrorCode::cancelled);
  EXPECT_THAT(network_.requests(), SizeIs(1));
}

TEST_F(Retrying, ABodyThatNobodyWantsAnyMoreWhenItsTryFailsEndsAtOnce) {
  bool wanted = true;
  const auto sink =
      std::make_shared<CollectingSink>(CollectingSink::Orders{.wanted = [&wanted] { return wanted; }});
  script_ = {[&wanted](auto&) {
    wanted = false;
    return response(503);
  }};

  begin({.range = ByteRange{0, 20}, .sink = sink});

  ASSERT_TRUE(outcome_ && !*outcome_);
  EXPECT_EQ(outcome_->error().code, ErrorCode::cancelled);
}

/// The last try begins within the budget, and with a pause of 1.5 s it begins in its last 1.5 s.
TEST_F(Retrying, AnOutageInABodyIsAnErrorWhenTheBudgetIsSpentNotEarlierNotLater) {
  struct Case {
    const char* name;
    std::vector<std::pair<Duration, std::size_t>> tries;  ///< how long each takes, and what it brings
    Duration end;
  };
  for (const auto& [name, tries, end] :
       {Case{"at once", {{0s, 0}}, 60s}, Case{"after bytes in no time", {{0s, 4U << 20U}}, 60s},
        Case{"after bytes that took their time", {{100s, 4U << 20U}}, 160s},
        Case{"after bytes that dripped", {{40s, 16U << 10U}}, 61s},
        Case{"after bytes that make up for some of what was lost", {{20s, 0}, {10s, 64U << 10U}}, 64s},
        Case{"after bytes that make up for all that was lost", {{20s, 0}, {10s, 1U << 20U}}, 90s}}) {
    SCOPED_TRACE(name);
    outcome_.reset();
    for (const auto& [takes, brings] : tries) {
      script_.emplace_back(
          [this, taken = takes, bytes = brings](const HttpRequest& request) -> Result<HttpResponse> {
            clock_.advance(taken);
            const std::string piece(bytes, 'x');
            EXPECT_TRUE(request.sink->append(std::as_bytes(std::span(piece))));
            return failure(ErrorCode::unavailable);
          });
    }
    const auto began = clock_.now();
    begin({.range = ByteRange{0, 16U << 20U}, .sink = std::make_shared<CollectingSink>()});

    while (!outcome_ && clock_.now() - began < 1h) clock_.advance(100ms);

    ASSERT_TRUE(outcome_ && *outcome_);
    EXPECT_EQ((*outcome_)->status, 503);
    EXPECT_LE(clock_.now() - began, end + 100ms);
    EXPECT_GE(clock_.now() - began, end - 1600ms);
  }
}

TEST_F(Retrying, TheEndOfAnOutageIsNoticedWithinThreeSeconds) {
  begin();
  clock_.advance(30s);
  ASSERT_FALSE(outcome_);
  script_ = {[](auto&) { return response(200); }};

  clock_.advance(3s);

  ASSERT_TRUE(outcome_ && *outcome_);
  EXPECT_EQ((*outcome_)->status, 200);
}

TEST_F(Retrying, ARefusedTokenIsFollowedByOneMoreTry) {
  script_ = {[](auto&) { return response(401); }, [](auto&) { return response(200); }};

  begin();
  clock_.advance(1min);

  EXPECT_EQ((*outcome_)->status, 200);
}

TEST_F(Retrying, WhileTheTokenIsReplacedTheRequestWaits) {
  script_ = {[](auto&) { return response(401); }, [](auto&) { return failure(ErrorCode::unavailable); },
             [](auto&) { return failure(ErrorCode::unavailable); }, [](auto&) { return response(200); }};

  begin();
  clock_.advance(1min);

  EXPECT_EQ((*outcome_)->status, 200);
}

TEST_F(Retrying, TwoRefusedTokensAreAnAnswer) {
  script_ = {[](auto&) { return response(401); }, [](auto&) { return failure(ErrorCode::unavailable); },
             [](auto&) { return response(401); }};

  begin();
  clock_.advance(1h);

  EXPECT_EQ((*outcome_)->status, 401);
  EXPECT_THAT(network_.requests(), SizeIs(3));
}

TEST_F(Retrying, ABrokenBodyIsResumedAtTheByteReached) {
  script_ = {[this](auto& request) { return broken_after(request, 5); },
             [](auto&) { return failure(ErrorCode::unreachable); },
             [this](auto& request) { return broken_after(request, 7); },
             [this](auto& request) { return broken_after(request, 8); }};
  const auto sink = std::make_shared<CollectingSink>();

  begin({.range = ByteRange{2, 20}, .sink = sink});
  clock_.advance(1min);

  ASSERT_TRUE(outcome_ && *outcome_);
  EXPECT_EQ(sink->text(), content.substr(2, 20));
  EXPECT_THAT(ranges(), ElementsAre("bytes=2-21", "bytes=7-21", "bytes=7-21", "bytes=14-21"));
}

TEST_F(Retrying, ABodyThatBrokeBehindItsLastByteIsThere) {
  script_ = {[this](auto& request) {
    (void)broken_after(request, 20);
    return failure(ErrorCode::unavailable);
  }};
  const auto sink = std::make_shared<CollectingSink>();

  begin({.range = ByteRange{0, 20}, .sink = sink});
  clock_.advance(1min);

  ASSERT_TRUE(outcome_ && *outcome_);
  EXPECT_EQ((*outcome_)->status, 206);
  EXPECT_EQ(sink->text(), content.substr(0, 20));
  EXPECT_THAT(network_.requests(), SizeIs(1));
}

TEST_F(Retrying, WithoutASinkTheWholeRangeIsAskedForAgain) {
  script_ = {[](auto&) { return failure(ErrorCode::unavailable); }, [](auto&) { return response(206); }};

  begin({.range = ByteRange{2, 20}});
  clock_.advance(1min);

  EXPECT_THAT(ranges(), ElementsAre("bytes=2-21", "bytes=2-21"));
}

TEST_F(Retrying, RequestsDoNotWaitForEachOther) {
  script_ = {[](auto&) { return response(503); }, [](auto&) { return response(200); }};

  begin();
  EXPECT_FALSE(outcome_);
  EXPECT_EQ(answer_of(retrying_, {})->status, 200);
  EXPECT_FALSE(outcome_);

  script_ = {[](auto&) { return response(201); }};
  clock_.advance(1s);
  EXPECT_EQ((*outcome_)->status, 201);
}

TEST_F(Retrying, AnEndingMountDoesNotTryOnAndOnWithoutPause) {
  StoppedScheduler stopped;
  RetryingTransport retrying(network_, clock_, stopped, RetryPolicy{});

  const auto outcome = answer_of(retrying, {});

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
  EXPECT_THAT(network_.requests(), SizeIs(1));
}

TEST(RandomChance, StaysInItsBounds) {
  const auto chance = random_chance();
  double least = 1;
  double most = 0;

  for (int i = 0; i < 1000; ++i) {
    const auto number = chance();
    least = std::min(least, number);
    most = std::max(most, number);
  }

  EXPECT_GE(least, 0.0);
  EXPECT_LT(most, 1.0);
  EXPECT_LT(least, 0.2);
  EXPECT_GT(most, 0.8);
}

}  // namespace
}  // namespace blobmount
