#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/system_clock.hpp"
#include "fakes/http_server.hpp"
#include "http/curl_transport.hpp"
#include "http/retrying_transport.hpp"
#include "unit/http/collecting_sink.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using tests::HttpServer;
using tests::Reply;
using tests::ServedRequest;

void answer(const ServedRequest&, Reply& reply) { reply.send(200, {}, "hello"); }

TEST(CurlLoops, HundredsOfRequestsRunSideBySide) {
  constexpr int clients = 300;
  std::atomic<int> under_way{0};
  HttpServer server([&under_way](const ServedRequest&, Reply& reply) {
    ++under_way;
    while (under_way < clients && reply.wait(100ms)) continue;  // nobody is answered before all have asked
    reply.send(200, {}, "hello");
  });
  CurlTransport network(2, "");
  std::atomic<int> good{0};
  std::latch ended(clients);

  for (int i = 0; i < clients; ++i) {
    network.start({.url = server.url("/" + std::to_string(i)), .limits = {.connect = 1h, .stall = 1h}},
                  [&](const Result<HttpResponse>& response) {
                    if (response && response->body == "hello") ++good;
                    ended.count_down();
                  });
  }
  ended.wait();

  EXPECT_EQ(good, clients);
}

TEST(CurlLoops, ManyThreadsShareThem) {
  HttpServer server(answer);
  CurlTransport network(2, "");
  std::atomic<int> good{0};

  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      for (int k = 0; k < 50; ++k) {
        if (send_and_wait(network, {.url = server.url()})) ++good;
      }
    });
  }
  for (auto& client : clients) client.join();

  EXPECT_EQ(good, 200);
}

TEST(CurlLoops, ACompletionMayStartTheNextRequest) {
  HttpServer server(answer);
  CurlTransport network(1, "");
  std::promise<void> done;
  std::function<void(int)> ask = [&](int left) {
    network.start({.url = server.url()}, [&, left](const Result<HttpResponse>& response) {
      EXPECT_TRUE(response);
      if (left == 1) return done.set_value();
      ask(left - 1);
    });
  };

  ask(50);

  done.get_future().get();
  network.stop();
}

TEST(CurlTimers, RunInTheOrderOfTheirTimes) {
  CurlTransport network(1, "");
  std::vector<int> order;
  std::promise<void> last;

  network.run_after(4500ms, [&] {
    order.push_back(4);
    last.set_value();
  });
  network.run_after(1500ms, [&] { order.push_back(2); });
  network.run_after(0ms, [&] { order.push_back(1); });
  network.run_after(3s, [&] { order.push_back(3); });
  last.get_future().get();

  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4));
}

TEST(CurlTimers, AreNeverEarly) {
  CurlTransport network(1, "");
  std::promise<SteadyTime> ran;
  const auto due = std::chrono::steady_clock::now() + 30ms;

  network.run_after(30ms, [&] { ran.set_value(std::chrono::steady_clock::now()); });

  EXPECT_GE(ran.get_future().get(), due);
}

TEST(CurlTimers, ATimerMaySetAnother) {
  CurlTransport network(1, "");
  std::promise<void> second;

  network.run_after(1ms, [&] { network.run_after(1ms, [&] { second.set_value(); }); });

  second.get_future().get();
}

class CurlStop : public testing::Test {
 protected:
  /// Start a request that the server never answers.
  void ask_in_vain(const OnResponse& done) {
    const auto before = asked_.load();
    network_.start({.url = server_.url()}, done);
    asked_.wait(before);
  }

  static ErrorCode code_of(const Result<HttpResponse>& response) {
    return response ? ErrorCode::internal : response.error().code;
  }

  std::atomic<int> asked_{0};
  HttpServer server_{[this](const ServedRequest&, Reply& reply) {
    ++asked_;
    asked_.notify_all();
    reply.stall();
  }};
  CurlTransport network_{2, ""};
};

TEST_F(CurlStop, CancelsWhatIsUnderWay) {
  std::vector<std::atomic<int>> cancelled(8);
  for (auto& one : cancelled) {
    ask_in_vain([&one](const auto& response) { one += code_of(response) == ErrorCode::cancelled ? 1 : 100; });
  }

  network_.stop();

  for (const auto& one : cancelled) EXPECT_EQ(one, 1);
}

TEST_F(CurlStop, CancelsWhatComesLaterAtOnce) {
  network_.stop();

  const auto response = send_and_wait(network_, {.url = server_.url()});

  EXPECT_EQ(code_of(response), ErrorCode::cancelled);
  EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(CurlStop, RunsTheTimersThatWait) {
  std::atomic<int> runs{0};
  for (int i = 0; i < 10; ++i) network_.run_after(1h, [&runs] { ++runs; });

  network_.stop();
  EXPECT_EQ(runs, 10);

  network_.run_after(1h, [&runs] { ++runs; });
  EXPECT_EQ(runs, 11);
}

TEST_F(CurlStop, ATimerMaySetAnotherMeanwhile) {
  std::atomic<int> runs{0};
  network_.run_after(1h, [&] {
    ++runs;
    network_.run_after(1h, [&] { ++runs; });
  });

  network_.stop();

  EXPECT_EQ(runs, 2);
}

TEST_F(CurlStop, CompletionsMayStartNewRequestsMeanwhile) {
  std::atomic<int> cancelled{0};
  for (int i = 0; i < 4; ++i) {
    ask_in_vain([&](const auto&) {
      network_.start({.url = server_.url()}, [&](const auto& response) {
        if (code_of(response) == ErrorCode::cancelled) ++cancelled;
      });
    });
  }

  network_.stop();

  EXPECT_EQ(cancelled, 4);
}

TEST_F(CurlStop, TheSinkIsNotTouchedAfterwards) {
  const auto sink = std::make_shared<tests::CollectingSink>();
  std::atomic<bool> ended{false};
  network_.start({.url = server_.url(), .sink = sink}, [&ended](const auto&) { ended = true; });

  network_.stop();

  EXPECT_TRUE(ended);
  EXPECT_EQ(sink.use_count(), 1);
}

TEST_F(CurlStop, MayBeAskedForTwice) {
  network_.stop();
  network_.stop();
}

TEST_F(CurlStop, RequestsOfOtherThreadsEndAllTheSame) {
  constexpr int requests = 200;
  std::atomic<int> ended{0};
  std::thread client([&] {
    for (int i = 0; i < requests; ++i) {
      network_.start({.url = server_.url()}, [&ended](const auto&) { ++ended; });
    }
  });
  asked_.wait(0);

  network_.stop();
  client.join();

  EXPECT_EQ(ended, requests);
}

TEST_F(CurlStop, ARequestThatWaitsForItsNextTryIsCancelled) {
  HttpServer busy([](const ServedRequest&, Reply& reply) { reply.send(503, {{"Retry-After", "30"}}); });
  SystemClock clock;
  RetryingTransport retrying(network_, clock, network_, RetryPolicy{});
  std::promise<ErrorCode> told;
  retrying.start({.url = busy.url()}, [&told](const auto& response) { told.set_value(code_of(response)); });
  while (busy.connections() == 0) std::this_thread::yield();

  network_.stop();

  EXPECT_EQ(told.get_future().get(), ErrorCode::cancelled);
}

TEST(CurlDestructor, ACompletionMayStillStartSomethingOnAnyLoop) {
  std::atomic<int> asked{0};
  HttpServer server([&asked](const ServedRequest&, Reply& reply) {
    ++asked;
    asked.notify_all();
    reply.stall();
  });
  std::atomic<int> ended{0};
  {
    CurlTransport network(3, "");
    for (int i = 0; i < 6; ++i) {
      network.start({.url = server.url()}, [&](const auto&) {
        for (int k = 0; k < 3; ++k) network.start({.url = server.url()}, [&ended](const auto&) { ++ended; });
      });
    }
    for (int seen = asked; seen < 6; seen = asked) asked.wait(seen);
  }

  EXPECT_EQ(ended, 18);
}

}  // namespace
}  // namespace blobmount
