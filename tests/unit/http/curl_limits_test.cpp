#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/system_clock.hpp"
#include "fakes/http_server.hpp"
#include "http/curl_transport.hpp"
#include "http/retrying_transport.hpp"
#include "support/certificate.hpp"
#include "support/socket_server.hpp"
#include "support/temporary_directory.hpp"
#include "unit/http/collecting_sink.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using tests::CollectingSink;
using tests::HttpServer;
using tests::Reply;
using tests::ServedRequest;

/// How late it may be noticed, on a machine that has other work too.
constexpr auto late = 20s;

/// A server that does what `/path` is told, and a client that measures.
class CurlLimits : public testing::Test {
 protected:
  struct Ended {
    Result<HttpResponse> outcome;
    Duration after;
  };

  Ended fetch(HttpTransport& transport, HttpRequest request) {
    request.url = server_.url();
    const auto started = std::chrono::steady_clock::now();
    auto outcome = send_and_wait(transport, std::move(request));
    const auto took = std::chrono::steady_clock::now() - started;
    return {std::move(outcome), std::chrono::duration_cast<Duration>(took)};
  }
  Ended fetch(const HttpLimits& limits) { return fetch(network_, {.limits = limits}); }

  static auto at(Duration limit) { return AllOf(Ge(limit), Le(limit + late)); }

  static void expect_timed_out(const Result<HttpResponse>& outcome, const std::string& sentence) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::timed_out);
    EXPECT_THAT(outcome.error().message, HasSubstr(sentence));
  }

  /// Each byte of `text` after a pause.
  static void drip(Reply& reply, std::string_view text, Duration pause) {
    for (const char c : text) {
      if (!reply.wait(pause)) return;
      reply.send_text({&c, 1});
    }
  }

  /// Of what nobody wants once it has been asked for, the server sends only what `begin` does.
  void expect_unwanted_to_end(const std::function<void(Reply&)>& begin) {
    std::atomic<bool> asked{false}, closed{false};
    answer_ = [&](const auto&, Reply& reply) {
      begin(reply);
      asked = true;
      reply.stall();
      closed = true;
      closed.notify_all();
    };
    const auto sink =
        std::make_shared<CollectingSink>(CollectingSink::Orders{.wanted = [&asked] { return !asked; }});

    const auto outcome =
        fetch(network_, {.range = ByteRange{0, 1000}, .sink = sink, .limits = {.stall = 1h}}).outcome;

    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
    closed.wait(false);  // else the test hangs
  }

  std::function<void(const ServedRequest&, Reply&)> answer_;
  HttpServer server_{[this](const ServedRequest& request, Reply& reply) { answer_(request, reply); }};
  CurlTransport network_{1, ""};
};

TEST_F(CurlLimits, SilenceBeforeTheHeadEndsAtTheLimit) {
  answer_ = [](const auto&, Reply& reply) { reply.stall(); };

  const auto [outcome, after] = fetch({.stall = 1s});

  expect_timed_out(outcome, "no byte from 127.0.0.1:" + std::to_string(server_.port()) + " for 1 s");
  EXPECT_THAT(after, at(1s));
}

TEST_F(CurlLimits, ASilentHeadEndsAtTheLimit) {
  answer_ = [](const auto&, Reply& reply) {
    reply.wait(400ms);
    reply.send_text("HTTP/1.1 200 OK\r\nETag: x\r\n");
    reply.stall();
  };

  const auto [outcome, after] = fetch({.stall = 4s});

  expect_timed_out(outcome, "for 4 s");
  EXPECT_THAT(after, at(4400ms));
}

TEST_F(CurlLimits, AStalledBodyEndsAtTheLimitHoweverMuchCameBefore) {
  const std::string much(2'000'000, 'x');
  answer_ = [&much](const auto&, Reply& reply) {
    reply.send_head(200, {{"Content-Length", "100000000"}});
    reply.send_text(much);
    reply.wait(400ms);
    reply.send_text("x");
    reply.stall();
  };

  const auto [outcome, after] = fetch({.stall = 4s});

  expect_timed_out(outcome, "no byte");
  EXPECT_THAT(after, at(4400ms));
}

TEST_F(CurlLimits, SilenceOnAConnectionThatWasUsedBeforeEndsAtTheLimitToo) {
  std::atomic<int> asked{0};
  answer_ = [&asked](const auto&, Reply& reply) {
    if (++asked > 1) return reply.stall();
    reply.send(200, {});
  };
  ASSERT_TRUE(fetch({}).outcome);

  const auto [outcome, after] = fetch({.stall = 500ms});

  expect_timed_out(outcome, "no byte");
  EXPECT_THAT(after, at(500ms));
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(CurlLimits, WhoConnectsIsNotCalledSilent) {
  tests::SocketServer silent([](int connection) {
    std::array<char, 4096> hello;
    while (::recv(connection, hello.data(), hello.size(), 0) > 0) continue;
  });
  const auto url = Url{.scheme = "https", .host = "127.0.0.1", .port = silent.port()};

  const auto outcome = send_and_wait(network_, {.url = url, .limits = {.connect = 1s, .stall = 100ms}});

  expect_timed_out(outcome, "no connection to 127.0.0.1");
}

TEST_F(CurlLimits, ThePatienceWithSilenceBeginsWithTheConnection) {
  const tests::TemporaryDirectory directory;
  const auto files = tests::make_certificate(directory.path());
  constexpr auto answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
  tests::SocketServer slow(tests::answering_over_tls(files, answer, 4s));
  CurlTransport network(1, files.certificate);
  const auto url = Url{.scheme = "https", .host = "127.0.0.1", .port = slow.port()};

  const auto outcome = send_and_wait(network, {.url = url, .limits = {.stall = 6s}});

  EXPECT_TRUE(outcome) << outcome.error().message;
}

TEST_F(CurlLimits, ABodyThatDripsIsNotSilent) {
  answer_ = [](const auto&, Reply& reply) {
    reply.send_head(200, {{"Content-Length", "21"}});
    drip(reply, "drop by drop by drop.", 300ms);
  };

  const auto [outcome, after] = fetch({.stall = 4s});

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->body, "drop by drop by drop.");
}

TEST_F(CurlLimits, ARequestThatIsStillOnItsWayIsNotSilent) {
  std::atomic<bool> read{false};
  tests::SocketServer slow([&read](int connection) {
    const int small = 256 << 10;
    ::setsockopt(connection, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    std::vector<char> some(128U << 10U);
    std::size_t taken = 0;
    while (taken < 24U << 20U) {
      // slow as long as the client has something to send, and not when it waits for the answer
      if (taken < 15U << 20U) std::this_thread::sleep_for(20ms);
      const auto count = ::recv(connection, some.data(), some.size(), 0);
      if (count <= 0) return;
      taken += static_cast<std::size_t>(count);
    }
    read = true;
    const std::string_view done = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    (void)::send(connection, done.data(), done.size(), MSG_NOSIGNAL);
    while (::recv(connection, some.data(), some.size(), 0) > 0) continue;
  });
  const auto url = Url{.scheme = "http", .host = "127.0.0.1", .port = slow.port()};

  const auto outcome = send_and_wait(
      network_,
      {.method = "PUT", .url = url, .body = std::string(24U << 20U, 'x'), .limits = {.stall = 1500ms}});

  EXPECT_TRUE(read);
  EXPECT_TRUE(outcome) << outcome.error().message;
}

TEST_F(CurlLimits, ADripEndsAtTheTotal) {
  answer_ = [](const auto&, Reply& reply) {
    reply.send_head(200, {{"Content-Length", "1000"}});
    drip(reply, std::string(1000, 'x'), 50ms);
  };

  const auto [outcome, after] = fetch({.total = 2s});

  expect_timed_out(outcome,
                   "no complete answer from 127.0.0.1:" + std::to_string(server_.port()) + " within 2 s");
  EXPECT_THAT(after, at(2s));
}

TEST_F(CurlLimits, ADripIsResumedUntilAllIsThere) {
  static constexpr std::string_view content = "one drop after the other";
  answer_ = [](const ServedRequest& request, Reply& reply) {
    const auto from = std::stoul(request.header("Range")->substr(6));
    reply.send_head(206, {{"Content-Length", std::to_string(content.size() - from)}});
    drip(reply, content.substr(from, 10), 1ms);
    if (from + 10 < content.size()) reply.stall();
  };
  SystemClock clock;
  RetryingTransport retrying(network_, clock, network_, {.first_pause = 10ms});
  const auto sink = std::make_shared<CollectingSink>();

  const auto outcome =
      fetch(retrying, {.range = ByteRange{0, content.size()}, .sink = sink, .limits = {.total = 1s}}).outcome;

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(sink->text(), content);
  EXPECT_GE(sink->ranges().size(), 3U);
}

TEST_F(CurlLimits, ASecondStallCostsASecondAtMost) {
  std::atomic<int> asked{0};
  answer_ = [&asked](const auto&, Reply& reply) {
    if (++asked <= 2) return reply.stall();
    reply.send(200, {}, "at last");
  };
  SystemClock clock;
  RetryingTransport retrying(network_, clock, network_, {});

  const auto [outcome, after] = fetch(retrying, {.limits = {.stall = 2s}});

  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(after, AllOf(Ge(3s), Le(3300ms + 2 * late)));
}

TEST_F(CurlLimits, AConnectionThatWasGivenUpIsClosed) {
  std::atomic<bool> closed{false};
  answer_ = [&closed](const ServedRequest& request, Reply& reply) {
    if (request.path == "/again") return (void)reply.send(200, {});
    reply.send_head(200, {{"Content-Length", "10"}});
    reply.stall();
    closed = true;
    closed.notify_all();
  };
  ASSERT_FALSE(fetch({.stall = 100ms}).outcome);

  closed.wait(false);  // else the test hangs

  EXPECT_TRUE(send_and_wait(network_, {.url = server_.url("/again")}));
  EXPECT_EQ(server_.connections(), 2U);
}

TEST_F(CurlLimits, AfterATimeoutNoOldConnectionIsTrustedWithTheRetry) {
  std::latch both_ask(2);
  std::atomic<int> trusted{0};
  std::atomic<bool> forgotten{false};  // by a router, all that was open then
  answer_ = [&](const ServedRequest& request, Reply& reply) {
    if (forgotten && request.connection <= 2) {
      ++trusted;
      return reply.stall();
    }
    if (!forgotten) both_ask.arrive_and_wait();
    reply.send(200, {});
  };
  auto other = std::async(std::launch::async, [&] { return fetch({}); });
  ASSERT_TRUE(fetch({}).outcome);
  ASSERT_TRUE(other.get().outcome);
  forgotten = true;
  SystemClock clock;
  RetryingTransport retrying(network_, clock, network_, {});

  ASSERT_TRUE(fetch(retrying, {.limits = {.stall = 1s}}).outcome);

  EXPECT_EQ(trusted, 1);
}

TEST_F(CurlLimits, WhatNobodyWantsAnyMoreEndsItsTryWhileNoHeadComes) {
  expect_unwanted_to_end([](Reply&) {});
}

TEST_F(CurlLimits, WhatNobodyWantsAnyMoreEndsItsTryWhileNoByteOfTheBodyComes) {
  expect_unwanted_to_end([](Reply& reply) { reply.send_head(206, {{"Content-Length", "1000"}}); });
}

TEST_F(CurlLimits, ABodyThatNobodyWantsEndsItsTryAndItsConnectionAndIsNotAskedForAgain) {
  std::atomic<int> asked{0};
  std::atomic<bool> closed{false};
  answer_ = [&](const auto&, Reply& reply) {
    ++asked;
    reply.send_head(206, {{"Content-Length", "1000000000"}});
    while (reply.send_text(std::string(1U << 20U, 'x'))) continue;
    closed = true;
    closed.notify_all();
  };
  SystemClock clock;
  RetryingTransport retrying(network_, clock, network_, {.first_pause = 1ms});
  const auto sink = std::make_shared<CollectingSink>(
      CollectingSink::Orders{.refuse_body = Error{ErrorCode::cancelled, "not wanted"}});

  const auto outcome = fetch(retrying, {.range = ByteRange{0, 1'000'000'000}, .sink = sink}).outcome;

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
  closed.wait(false);  // else the test hangs
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace blobmount
