#include "http/counted_transport.hpp"

#include <gtest/gtest.h>

#include "fakes/manual_clock.hpp"
#include "fakes/scripted_transport.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using tests::answer_of;

class Counted : public testing::Test {
 protected:
  [[nodiscard]] OperationCounts counts(std::string_view operation = "get_blob") const {
    for (auto& counts : transport_.counts().snapshot()) {
      if (counts.operation == operation) return counts;
    }
    return {};
  }
  void ask(std::string_view operation, Result<HttpResponse> answer, int tries_before = 0) {
    next_ = std::move(answer);
    (void)answer_of(transport_, {.operation = operation, .tries_before = tries_before});
  }

  tests::ManualClock clock_;
  Result<HttpResponse> next_ = HttpResponse{};
  tests::ScriptedTransport network_{[this](const HttpRequest&) {
    clock_.advance(20ms);
    return next_;
  }};
  CountedTransport transport_{network_, clock_};
};

TEST_F(Counted, AnswersAreCountedByOperationAndStatus) {
  ask("get_blob", HttpResponse{.status = 206, .body = "12345", .first_byte = 2ms});
  ask("get_blob", HttpResponse{.status = 206, .body = "123"});
  ask("get_blob", HttpResponse{.status = 503}, 1);
  ask("list_blobs", HttpResponse{.status = 200});

  const auto blobs = counts();
  EXPECT_EQ(blobs.outcomes, (std::map<std::string, std::uint64_t>{{"206", 2}, {"503", 1}}));
  EXPECT_EQ(blobs.received, 8U);
  EXPECT_EQ(blobs.retries, 1U);
  EXPECT_EQ(blobs.in_flight, 0U);
  EXPECT_EQ(blobs.total.count(), 3U);
  EXPECT_EQ(blobs.total.sum, 60ms);
  EXPECT_EQ(blobs.first_byte.count(), 1U) << "where it is known";
  EXPECT_EQ(blobs.first_byte.sum, 2ms);
  EXPECT_EQ(counts("list_blobs").outcomes.at("200"), 1U);
}

TEST_F(Counted, FailuresAreCountedByWhatTheyAre) {
  ask("get_blob", Error{ErrorCode::timed_out, "no answer"});

  EXPECT_EQ(counts().outcomes.at(std::string(name_of(ErrorCode::timed_out))), 1U);
  EXPECT_EQ(counts().first_byte.count(), 0U);
}

TEST_F(Counted, WhatIsUnderWayIsInFlight) {
  class Held final : public HttpTransport {
   public:
    void start(HttpRequest, OnResponse done) override { waiting = std::move(done); }
    OnResponse waiting;
  } held;
  CountedTransport transport(held, clock_);

  transport.start({.operation = "get_blob"}, [](const auto&) {});
  EXPECT_EQ(transport.counts().snapshot().front().in_flight, 1U);

  held.waiting(HttpResponse{.status = 200});
  EXPECT_EQ(transport.counts().snapshot().front().in_flight, 0U);
}

TEST_F(Counted, OfAResumedBodyOnlyWhatIsNewCounts) {
  class Sink final : public BodySink {
   public:
    Status begin(const HttpResponse&, ByteRange) override { return {}; }
    Status append(std::span<const std::byte> bytes) override {
      size += bytes.size();
      return {};
    }
    bool wanted() override { return true; }
    std::uint64_t received() const override { return size; }
    std::uint64_t size = 100;
  };
  const auto sink = std::make_shared<Sink>();
  tests::ScriptedTransport network([&sink](const HttpRequest&) {
    sink->size += 40;
    return Error{ErrorCode::unavailable, "broken off"};
  });
  CountedTransport transport(network, clock_);

  (void)answer_of(transport, {.operation = "get_blob", .sink = sink});

  EXPECT_EQ(transport.counts().snapshot().front().received, 40U);
}

}  // namespace
}  // namespace blobmount
