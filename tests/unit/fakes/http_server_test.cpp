#include "fakes/http_server.hpp"

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/http_client.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

std::string url_of(const HttpServer& server, const std::string& target = "/") {
  return "http://127.0.0.1:" + std::to_string(server.port()) + target;
}

void say_hello(const ServedRequest&, Reply& reply) { reply.send(200, {}, "hello"); }

TEST(HttpServer, AnswersSeveralRequestsOnOneConnection) {
  const HttpServer server(say_hello);
  HttpClient client;

  EXPECT_EQ(client.send({.url = url_of(server)}).body, "hello");
  EXPECT_EQ(client.send({.url = url_of(server)}).body, "hello");
  EXPECT_EQ(server.connections(), 1u);
}

TEST(HttpServer, ShowsHandlersTheDecodedRequest) {
  const HttpServer server([](const ServedRequest& request, Reply& reply) {
    reply.send(200, {},
               request.target + "|" + request.path + "|" + *request.parameter("a b") + "|" +
                   *request.header("x-NAME") + "|" + request.body);
  });

  const auto response = HttpClient().send({.method = "PUT",
                                           .url = url_of(server, "/x%2Fy%20z?a%20b=c%26+d"),
                                           .headers = {"X-Name: value"},
                                           .body = "body"});

  EXPECT_EQ(response.body, "/x%2Fy%20z?a%20b=c%26+d|/x/y z|c&+d|value|body");
}

TEST(HttpServer, TakesChunkedBodiesAndLargeOnes) {
  const HttpServer server([](const ServedRequest& request, Reply& reply) {
    reply.send(200, {}, std::to_string(request.body.size()));
  });
  const std::string large(3'000'000, 'x');

  EXPECT_EQ(HttpClient().send({.method = "PUT", .url = url_of(server), .body = large}).body, "3000000");
  EXPECT_EQ(HttpClient()
                .send({.method = "PUT",
                       .url = url_of(server),
                       .headers = {"Transfer-Encoding: chunked"},
                       .body = large})
                .body,
            "3000000");
}

TEST(HttpServer, AHeadHasNoBody) {
  const HttpServer server(say_hello);

  const auto response = HttpClient().send({.method = "HEAD", .url = url_of(server)});

  EXPECT_EQ(response.headers.get("Content-Length"), "5");
  EXPECT_EQ(response.body, "");
}

TEST(HttpServer, AShortBodyIsAnErrorToTheClient) {
  const HttpServer server([](const ServedRequest&, Reply& reply) {
    reply.send_head(200, {{"Content-Length", "10"}});
    reply.send_text("hel");
    reply.close();
  });

  EXPECT_THROW(HttpClient().send({.url = url_of(server)}), std::runtime_error);
}

TEST(HttpServer, AResetIsAnErrorToTheClient) {
  const HttpServer server([](const ServedRequest&, Reply& reply) { reply.reset(); });

  EXPECT_THROW(HttpClient().send({.url = url_of(server)}), std::runtime_error);
}

TEST(HttpServer, SendsAtTheRateItIsTold) {
  const HttpServer server([](const ServedRequest&, Reply& reply) {
    reply.set_rate(1e6);
    reply.send(200, {}, std::string(200'000, 'x'));
  });

  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(HttpClient().send({.url = url_of(server)}).body.size(), 200'000u);

  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took, 190ms);
}

/// Each handler is in the middle of something when the server goes.
TEST(HttpServer, StopsAtOnceWhateverHandlersAreDoing) {
  const std::vector<HttpServer::Handler> busy{[](const ServedRequest&, Reply& reply) { reply.stall(); },
                                              [](const ServedRequest&, Reply& reply) { reply.wait(1h); },
                                              [](const ServedRequest&, Reply& reply) {
                                                reply.set_rate(1);
                                                reply.send(200, {}, "a long story");
                                              },
                                              [](const ServedRequest&, Reply& reply) {
                                                reply.send_head(200, {{"Content-Length", "1000000000000"}});
                                                reply.set_rate(50'000'000);
                                                while (reply.send_text(std::string(1'000'000, 'x'))) {
                                                }
                                              }};
  for (const auto& handler : busy) {
    std::atomic<bool> reached = false;
    std::optional<HttpServer> server(std::in_place, [&](const ServedRequest& request, Reply& reply) {
      reached = true;
      handler(request, reply);
    });
    std::thread client(
        [url = url_of(*server)] { EXPECT_THROW(HttpClient().send({.url = url}), std::runtime_error); });
    while (!reached) std::this_thread::sleep_for(1ms);

    const auto start = std::chrono::steady_clock::now();
    server.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
    client.join();
  }
}

TEST(HttpServer, APeerThatLeavesEndsAStall) {
  std::atomic<bool> ended = false;
  const HttpServer server([&ended](const ServedRequest&, Reply& reply) {
    reply.send_head(200, {{"Content-Length", "1"}});
    reply.stall();
    ended = true;
  });

  HttpClient().exchange({.url = url_of(server)},
                        {.head = [](int, const HttpHeaders&) { return false; }, .body = {}});

  for (int i = 0; i < 1000 && !ended; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace blobmount::tests
