#include "app/metrics_server.hpp"

#include <new>
#include <string>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "cache/system_files.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

Descriptor connected_to(std::uint16_t port) {
  Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(client.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return client;
}

/// All that is answered to these bytes.
std::string answer_of(std::uint16_t port, const std::string& request) {
  const auto client = connected_to(port);
  (void)::send(client.number(), request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  char piece[4096];
  for (ssize_t size = 0; (size = ::recv(client.number(), piece, sizeof piece, 0)) > 0;)
    answer.append(piece, static_cast<std::size_t>(size));
  return answer;
}

class Metrics : public testing::Test {
 protected:
  static std::unique_ptr<MetricsServer> served(Duration patience = 20s) {
    auto server = MetricsServer::listen(
        0, [] { return std::string("a 1\n"); }, patience);
    EXPECT_TRUE(server) << (server ? "" : server.error().message);
    return server ? *std::move(server) : nullptr;
  }
  std::string answer_to(const std::string& request) { return answer_of(server_->port(), request); }

  const std::unique_ptr<MetricsServer> server_ = served();
};

TEST_F(Metrics, AreServedAsPrometheusTakesThem) {
  const auto answer = answer_to("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n");

  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\na 1\n"));
}

TEST_F(Metrics, AreAllThatIsServed) {
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(answer_to("GET /metrics/x HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(answer_to("POST /metrics HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(answer_to("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(Metrics, AreNotForPagesOfTheWeb) {
  EXPECT_THAT(answer_to("GET /metrics HTTP/1.1\r\nhost: evil.example:80\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer_to("GET /metrics HTTP/1.1\r\nHOST: localhost\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Metrics, AreNotMadeToTakeMoreThanAShortHead) {
  EXPECT_THAT(answer_to("GET /metrics HTTP/1.1\r\nX: " + std::string(8U << 10U, 'x')),
              StartsWith("HTTP/1.1 400 "));
}

TEST(MetricsServers, OutliveATextThatCannotBeMade) {
  int asked = 0;
  const auto server = MetricsServer::listen(0, [&asked]() -> std::string {
    if (asked++ == 0) throw std::bad_alloc();
    return "a 1\n";
  });
  ASSERT_TRUE(server);

  EXPECT_EQ(answer_of((*server)->port(), "GET /metrics HTTP/1.1\r\n\r\n"), "");
  EXPECT_THAT(answer_of((*server)->port(), "GET /metrics HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 200 OK"));
}

TEST(MetricsServers, GiveUpWhoSaysNothing) {
  auto server = MetricsServer::listen(
      0, [] { return std::string("a 1\n"); }, 50ms);
  ASSERT_TRUE(server);
  const auto silent = connected_to((*server)->port());

  char piece[64];
  EXPECT_GT(::recv(silent.number(), piece, sizeof piece, 0), 0) << "it is told that it was too slow";
}

TEST(MetricsServers, ListenOnTheLoopbackOnly) {
  const auto server = MetricsServer::listen(0, [] { return std::string(); });
  ASSERT_TRUE(server);
  const Descriptor other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons((*server)->port());
  ::inet_pton(AF_INET, "127.0.0.2", &address.sin_addr);  // answers, where it listens on all addresses

  EXPECT_NE(::connect(other.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

TEST(MetricsServers, RefuseAPortInUseWithASentence) {
  const auto first = MetricsServer::listen(0, [] { return std::string(); });
  ASSERT_TRUE(first);

  const auto second = MetricsServer::listen((*first)->port(), [] { return std::string(); });

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::busy);
  EXPECT_THAT(second.error().message, HasSubstr("another program has that port"));
}

}  // namespace
}  // namespace blobmount
