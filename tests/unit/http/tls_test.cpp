#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "fakes/http_server.hpp"
#include "http/curl_transport.hpp"
#include "support/certificate.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using tests::HttpServer;
using tests::Reply;
using tests::ServedRequest;

/// A server over TLS, and one loop that trusts it.
class Tls : public testing::Test {
 protected:
  /// Started; what comes of it.
  std::future<Result<HttpResponse>> start(HttpRequest request) {
    auto promise = std::make_shared<std::promise<Result<HttpResponse>>>();
    network_.start(std::move(request), [promise](auto outcome) { promise->set_value(std::move(outcome)); });
    return promise->get_future();
  }

  const tests::TemporaryDirectory directory_;
  const tests::CertificateFiles files_ = tests::make_certificate(directory_.path());
  CurlTransport network_{1, files_.certificate};
};

TEST_F(Tls, ASecondConnectionResumesTheFirstOnesSession) {
  std::latch both{2};
  const HttpServer server(
      [&both](const ServedRequest& request, Reply& reply) {
        if (request.path == "/together") both.arrive_and_wait();
        reply.send(200, {}, "hi");
      },
      0, files_);
  ASSERT_TRUE(send_and_wait(network_, {.url = server.url("/alone")}));

  auto on_the_first = start({.url = server.url("/together")});
  auto on_another = start({.url = server.url("/together")});

  EXPECT_TRUE(on_the_first.get());
  EXPECT_TRUE(on_another.get());
  EXPECT_EQ(server.tls()->handshakes(), 2U);
  EXPECT_EQ(server.tls()->resumed(), 1U);
}

TEST_F(Tls, APinnedCertificateTakesAndLeavesNoSession) {
  const HttpServer server([](const ServedRequest&, Reply& reply) { reply.send(200, {}, "hi"); }, 0, files_);
  const HttpRequest trusting{.url = server.url(), .fresh_connection = true};
  const HttpRequest pinning{.url = server.url(), .pinned_certificate = tests::thumbprint_of(files_)};

  for (const auto& request : {pinning, trusting, pinning}) ASSERT_TRUE(send_and_wait(network_, request));
  EXPECT_EQ(server.tls()->handshakes(), 3U);
  EXPECT_EQ(server.tls()->resumed(), 0U);

  ASSERT_TRUE(send_and_wait(network_, trusting));
  EXPECT_EQ(server.tls()->resumed(), 1U);
}

TEST_F(Tls, LargeBodiesComeWhole) {
  std::string body(5'000'003, ' ');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * i / 251);
  const HttpServer server([&](const ServedRequest&, Reply& reply) { reply.send(200, {}, body); }, 0, files_);

  for (int i = 0; i < 5; ++i) {
    const auto response = send_and_wait(network_, {.url = server.url()});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_TRUE(response->body == body);
  }
}

/// A server whose answer arrives as a whole, in many records, before the client's thread looks again, and
/// after which the line is silent.
class TlsAtOnce : public Tls {
 protected:
  /// The body of the answer that `send` gives.
  std::string body_of(const std::function<void(Reply&)>& send) {
    std::latch asked{1}, looking_away{1}, sent{1};
    const HttpServer server(
        [&](const ServedRequest&, Reply& reply) {
          asked.count_down();
          looking_away.wait();
          send(reply);
          sent.count_down();
        },
        0, files_);
    auto answer = start({.url = server.url(), .limits = {.stall = 30s}});
    asked.wait();
    network_.run_after(0ms, [&] {
      looking_away.count_down();
      sent.wait();
    });
    const auto response = answer.get();
    return response ? response->body : response.error().message;
  }
};

TEST_F(TlsAtOnce, AllRecordsOfABodyAreTaken) {
  const auto body = body_of([](Reply& reply) {
    reply.send_head(200, {{"Content-Length", "500"}});
    for (int i = 0; i < 100; ++i) reply.send_text("piece");
  });

  EXPECT_EQ(body.size(), 500U) << body;
}

TEST_F(TlsAtOnce, AllRecordsOfAChunkedBodyAreTaken) {
  const auto body = body_of([](Reply& reply) {
    reply.send_head(200, {{"Transfer-Encoding", "chunked"}});
    for (int i = 0; i < 100; ++i)
      for (const auto* part : {"5\r\n", "piece", "\r\n"}) reply.send_text(part);
    reply.send_text("0\r\n\r\n");
  });

  EXPECT_EQ(body.size(), 500U) << body;
}

}  // namespace
}  // namespace blobmount
