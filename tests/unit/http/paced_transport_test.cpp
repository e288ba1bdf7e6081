#include "http/paced_transport.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/manual_clock.hpp"
#include "fakes/scripted_transport.hpp"
#include "http/retrying_transport.hpp"
#include "unit/http/collecting_sink.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::SizeIs;
using tests::CollectingSink;
using tests::ManualClock;
using tests::ScriptedTransport;

class Paced : public testing::Test {
 protected:
  /// Nothing may wait when the transport goes.
  ~Paced() override { clock_.advance(1h); }

  void begin(HttpTransport& transport, HttpRequest request = {}) {
    transport.start(std::move(request), [this](const Result<HttpResponse>& outcome) {
      ends_.push_back(outcome ? std::to_string(outcome->status) : std::string(name_of(outcome.error().code)));
    });
  }
  [[nodiscard]] std::vector<std::string> sent() const {
    std::vector<std::string> methods;
    for (const auto& request : network_.requests()) methods.push_back(request.method);
    return methods;
  }

  ManualClock clock_;
  int status_ = 200;
  ScriptedTransport network_{[this](const auto&) { return HttpResponse{.status = status_}; }};
  RateLimit limit_{2};  // one at once, and one each 500 ms
  PacedTransport paced_{network_, clock_, clock_, limit_};
  std::vector<std::string> ends_;
};

TEST_F(Paced, TheOthersWaitInOrder) {
  for (const auto* method : {"A", "B", "C", "D"}) begin(paced_, {.method = method});
  EXPECT_THAT(sent(), ElementsAre("A"));

  clock_.advance(500ms);
  EXPECT_THAT(sent(), ElementsAre("A", "B"));
  clock_.advance(1s);

  EXPECT_THAT(sent(), ElementsAre("A", "B", "C", "D"));
  EXPECT_THAT(ends_, ElementsAre("200", "200", "200", "200"));
}

TEST_F(Paced, NoneOvertakesThoseThatWait) {
  begin(paced_, {.method = "A"});
  begin(paced_, {.method = "B"});
  clock_.advance(499ms);
  begin(paced_, {.method = "C"});
  clock_.advance(1ms);

  EXPECT_THAT(sent(), ElementsAre("A", "B"));
}

TEST_F(Paced, AThousandTakeTheirTime) {
  limit_.set(100);
  for (int i = 0; i < 1000; ++i) begin(paced_);

  clock_.advance(5s);
  EXPECT_NEAR(static_cast<double>(ends_.size()), 510, 12);
  clock_.advance(5s);

  EXPECT_THAT(ends_, SizeIs(1000));
}

TEST_F(Paced, WithoutALimitNobodyWaits) {
  limit_.set(0);
  for (int i = 0; i < 1000; ++i) begin(paced_);

  EXPECT_THAT(ends_, SizeIs(1000));
}

TEST_F(Paced, ThoseThatWaitNoticeThatTheLimitHasGone) {
  for (int i = 0; i < 1000; ++i) begin(paced_);

  limit_.set(0);
  clock_.advance(1s);

  EXPECT_THAT(ends_, SizeIs(1000));
}

TEST_F(Paced, TheWaitIsSaidToBeOurs) {
  const auto held_back = std::make_shared<HeldBack>();
  begin(paced_);
  begin(paced_, {.held_back = held_back});

  clock_.advance(500ms);

  EXPECT_EQ(held_back->total(), 400ms) << "a tenth of a second had been saved";
}

TEST_F(Paced, WhatNobodyWantsAnyMoreIsNotSent) {
  bool wanted = true;
  begin(paced_);
  begin(paced_,
        {.sink = std::make_shared<CollectingSink>(CollectingSink::Orders{.wanted = [&] { return wanted; }})});

  wanted = false;
  clock_.advance(1s);

  EXPECT_THAT(ends_, ElementsAre("200", "cancelled"));
  EXPECT_THAT(sent(), SizeIs(1));
}

TEST_F(Paced, WhatNobodyWantsAnyMoreTakesNoTurn) {
  begin(paced_, {.method = "A"});
  for (int i = 0; i < 10; ++i) {
    const CollectingSink::Orders unwanted{.wanted = [] { return false; }};
    begin(paced_, {.method = "left", .sink = std::make_shared<CollectingSink>(unwanted)});
  }
  begin(paced_, {.method = "B"});

  clock_.advance(500ms);

  EXPECT_THAT(sent(), ElementsAre("A", "B"));
}

TEST_F(Paced, RetriesWaitTooAndLoseNoTimeByIt) {
  RetryingTransport retrying(paced_, clock_, clock_, {.budget = 2s}, [] { return 0.0; });
  status_ = 503;
  for (int i = 0; i < 20; ++i) begin(paced_);  // those in front: 10 s
  begin(retrying);
  clock_.advance(10s);
  EXPECT_THAT(ends_, SizeIs(20)) << "the try that has failed goes on, for it was us who made it wait";
  status_ = 200;

  clock_.advance(10s);

  EXPECT_EQ(ends_.back(), "200");
}

TEST_F(Paced, WhenTheSchedulerStopsWhatWaitsIsCancelled) {
  class StoppedScheduler final : public Scheduler {
   public:
    void run_after(Duration /*delay*/, std::function<void()> action) override { action(); }
  };
  StoppedScheduler stopped;
  PacedTransport paced(network_, clock_, stopped, limit_);

  for (int i = 0; i < 3; ++i) begin(paced);

  EXPECT_THAT(ends_, ElementsAre("200", "cancelled", "cancelled"));
}

}  // namespace
}  // namespace blobmount
