/// Limits that all transfers share: bytes in a second, and connections.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/http_server.hpp"
#include "http/curl_transport.hpp"
#include "support/certificate.hpp"
#include "support/temporary_directory.hpp"
#include "unit/http/collecting_sink.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::Ge;
using testing::Le;
using tests::CollectingSink;
using tests::HttpServer;
using tests::Reply;
using tests::ServedRequest;

constexpr std::size_t mebibyte = 1U << 20U;

std::string body_of(std::size_t size) {
  std::string body(size, '\0');
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + (i / 1000) % 26);
  return body;
}

class SharedLimits : public testing::Test {
 protected:
  using Outcome = std::future<Result<HttpResponse>>;

  Outcome begin(HttpTransport& transport, HttpRequest request) {
    auto promise = std::make_shared<std::promise<Result<HttpResponse>>>();
    auto outcome = promise->get_future();
    transport.start(std::move(request),
                    [promise](Result<HttpResponse> answer) { promise->set_value(std::move(answer)); });
    return outcome;
  }
  Outcome begin(HttpTransport& transport, HttpLimits limits = {}) {
    return begin(transport, {.url = server_.url(), .limits = limits});
  }

  static Duration elapsed(SteadyTime since) {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - since);
  }

  std::string body_ = body_of(4 * mebibyte);
  std::function<void(const ServedRequest&, Reply&)> answer_ = [this](const auto&, Reply& reply) {
    reply.send(200, {}, body_);
  };
  HttpServer server_{[this](const ServedRequest& request, Reply& reply) { answer_(request, reply); }};
};

TEST_F(SharedLimits, OneLargeBodyComesAtTheRate) {
  RateLimit bytes(2 * mebibyte);
  CurlTransport network(1, "", {.bytes = &bytes});
  const auto started = std::chrono::steady_clock::now();

  const auto answer = begin(network).get();

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, body_) << "every byte, once";
  EXPECT_THAT(elapsed(started), Ge(1s));
}

TEST_F(SharedLimits, ManyBodiesOnManyLoopsComeAtTheRateAllTogether) {
  body_.resize(mebibyte);
  RateLimit bytes(2 * mebibyte);
  CurlTransport network(3, "", {.bytes = &bytes});
  const auto started = std::chrono::steady_clock::now();

  std::vector<Outcome> outcomes;
  for (int i = 0; i < 6; ++i) outcomes.push_back(begin(network));
  for (auto& outcome : outcomes) {
    const auto answer = outcome.get();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, body_);
  }

  EXPECT_THAT(elapsed(started), Ge(2s));
}

TEST_F(SharedLimits, OverTlsToo) {
  const tests::TemporaryDirectory directory;
  const auto files = tests::make_certificate(directory.path());
  const HttpServer server([this](const auto& request, Reply& reply) { answer_(request, reply); }, 0, files);
  RateLimit bytes(2 * mebibyte);
  CurlTransport network(1, files.certificate, {.bytes = &bytes});
  const auto started = std::chrono::steady_clock::now();

  const auto answer = begin(network, {.url = server.url()}).get();

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, body_);
  EXPECT_THAT(elapsed(started), Ge(1s));
}

TEST_F(SharedLimits, WhatWaitsForItIsNotTakenForStalledNorForTooLong) {
  body_.resize(mebibyte);
  RateLimit bytes(512U << 10U);
  CurlTransport network(1, "", {.bytes = &bytes});
  const auto held_back = std::make_shared<HeldBack>();

  // each waits for most of four seconds
  auto first = begin(network, {.stall = 3s, .total = 3s});
  auto second =
      begin(network, {.url = server_.url(), .limits = {.stall = 3s, .total = 3s}, .held_back = held_back});

  for (auto* outcome : {&first, &second}) {
    const auto answer = outcome->get();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, body_);
  }
  EXPECT_THAT(held_back->total(), Ge(1s));
}

TEST_F(SharedLimits, WhatIsSilentIsStillFoundToBe) {
  answer_ = [this](const auto&, Reply& reply) {
    reply.send_head(200, {{"Content-Length", std::to_string(body_.size())}});
    reply.send_text(std::string_view(body_).substr(0, 100'000));
    reply.stall();
  };
  RateLimit bytes(100 * mebibyte);
  CurlTransport network(1, "", {.bytes = &bytes});

  const auto answer = begin(network, {.stall = 500ms}).get();

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::timed_out);
}

TEST_F(SharedLimits, ASinkThatRefusesWhatWasHeldEndsTheTry) {
  RateLimit bytes(64U << 10U);
  CurlTransport network(1, "", {.bytes = &bytes});
  const auto sink = std::make_shared<CollectingSink>(
      CollectingSink::Orders{.refuse_body = Error{ErrorCode::changed, "other"}});
  auto first = begin(network);  // owes for its first piece when the second one's comes
  const auto refused = begin(network, {.url = server_.url(), .sink = sink}).get();

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::changed);
  bytes.set(0);
  EXPECT_TRUE(first.get());
}

TEST_F(SharedLimits, WhatNobodyWantsIsGivenUpWhileItIsHeld) {
  RateLimit bytes(1024);
  CurlTransport network(1, "", {.bytes = &bytes});
  std::atomic<bool> wanted{true};
  const auto sink =
      std::make_shared<CollectingSink>(CollectingSink::Orders{.wanted = [&] { return wanted.load(); }});
  auto outcome = begin(network, {.url = server_.url(), .sink = sink});
  EXPECT_EQ(outcome.wait_for(300ms), std::future_status::timeout);

  wanted = false;

  const auto answer = outcome.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::cancelled);
}

TEST_F(SharedLimits, ANewRateHoldsForWhatIsUnderWay) {
  RateLimit bytes(1024);
  CurlTransport network(1, "", {.bytes = &bytes});
  auto outcome = begin(network);
  EXPECT_EQ(outcome.wait_for(300ms), std::future_status::timeout) << "it would take an hour";

  bytes.set(0);

  const auto answer = outcome.get();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, body_);
}

TEST_F(SharedLimits, ThoseThatAreHeldEndWithTheMount) {
  RateLimit bytes(1024);
  CurlTransport network(2, "", {.bytes = &bytes});
  std::vector<Outcome> outcomes;
  for (int i = 0; i < 4; ++i) outcomes.push_back(begin(network));
  EXPECT_EQ(outcomes[0].wait_for(200ms), std::future_status::timeout);

  network.stop();

  for (auto& outcome : outcomes) EXPECT_EQ(outcome.get().error().code, ErrorCode::cancelled);
}

/// A server that counts whom it serves at the same time.
class SharedConnections : public SharedLimits {
 protected:
  SharedConnections() {
    answer_ = [this](const auto&, Reply& reply) {
      const int now = ++serving_;
      for (int most = most_; now > most && !most_.compare_exchange_weak(most, now);) {
      }
      // for those that may be served beside it, however slow the machine is
      for (int i = 0; i < 5000 && most_ < wanted_; ++i) reply.wait(1ms);
      --serving_;
      reply.send(200, {}, "x");
    };
  }

  std::atomic<int> serving_{0}, most_{0};
  std::atomic<int> wanted_{1};  ///< at the same time
};

TEST_F(SharedConnections, AreNeverMoreThanTheLimit) {
  for (const unsigned limit : {1U, 2U, 5U}) {
    most_ = 0;
    wanted_ = static_cast<int>(limit);
    const auto before = server_.connections();
    CurlTransport network(3, "", {.connections = limit});
    std::vector<Outcome> outcomes;
    for (int i = 0; i < 40; ++i) outcomes.push_back(begin(network));

    for (auto& outcome : outcomes) EXPECT_TRUE(outcome.get());

    EXPECT_EQ(most_.load(), static_cast<int>(limit)) << "all of them are used, and no more";
    EXPECT_THAT(server_.connections() - before, Le(limit)) << "and kept";
  }
}

TEST_F(SharedConnections, ThoseThatWaitForOneAreNotTakenForTooLong) {
  answer_ = [](const auto&, Reply& reply) {
    reply.wait(300ms);
    reply.send(200, {}, "x");
  };
  CurlTransport network(2, "", {.connections = 1});
  const auto held_back = std::make_shared<HeldBack>();
  std::vector<Outcome> outcomes;
  for (int i = 0; i < 20; ++i)
    outcomes.push_back(begin(
        network,
        {.url = server_.url(), .limits = {.connect = 4s, .stall = 4s, .total = 4s}, .held_back = held_back}));

  for (auto& outcome : outcomes) {
    const auto answer = outcome.get();
    EXPECT_TRUE(answer) << answer.error().message;
  }
  EXPECT_THAT(held_back->total(), Ge(1s));
}

TEST_F(SharedConnections, ARequestToAnotherHostTakesTheOneThatIsKept) {
  const HttpServer other([](const auto&, Reply& reply) { reply.send(200, {}, "other"); });
  CurlTransport network(2, "", {.connections = 1});

  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(begin(network).get());
    EXPECT_EQ(begin(network, {.url = other.url()}).get()->body, "other");
  }
}

TEST_F(SharedConnections, ThoseThatWaitEndWithTheMountHoweverMany) {
  answer_ = [](const auto&, Reply& reply) { reply.stall(); };
  CurlTransport network(2, "", {.connections = 2});
  std::atomic<int> cancelled{0};
  const int count = 50'000;
  for (int i = 0; i < count; ++i) {
    network.start({.url = server_.url(), .limits = {.stall = 1h}}, [&](const Result<HttpResponse>& answer) {
      if (!answer && answer.error().code == ErrorCode::cancelled) ++cancelled;
    });
  }

  network.stop();

  EXPECT_EQ(cancelled, count);
}

TEST_F(SharedConnections, ALimitThatIsWideIsNone) {
  wanted_ = 20;
  CurlTransport network(2, "", {.connections = 1000});
  std::vector<Outcome> outcomes;
  for (int i = 0; i < 20; ++i) outcomes.push_back(begin(network));

  for (auto& outcome : outcomes) EXPECT_TRUE(outcome.get());
  EXPECT_EQ(most_.load(), 20);
}

}  // namespace
}  // namespace blobmount
