#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "fakes/http_server.hpp"
#include "http/curl_transport.hpp"
#include "support/certificate.hpp"
#include "support/socket_server.hpp"
#include "support/temporary_directory.hpp"
#include "unit/http/collecting_sink.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using tests::HttpServer;
using tests::LoopbackSocket;
using tests::Reply;
using tests::ServedRequest;
using tests::SocketServer;

constexpr auto good_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
constexpr auto bad_request = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

Url https_of(int port) { return {.scheme = "https", .host = "127.0.0.1", .port = port}; }

class CurlFailure : public testing::Test {
 protected:
  Error failure_of(HttpRequest request) {
    const auto response = send_and_wait(network_, std::move(request));
    EXPECT_FALSE(response) << response->status;
    return response ? Error{} : response.error();
  }
  Error failure_at(const HttpServer& server) { return failure_of({.url = server.url()}); }

  CurlTransport network_{1, ""};
};

TEST_F(CurlFailure, NobodyListening) {
  const LoopbackSocket silent;

  const auto error = failure_of({.url = {.scheme = "http", .host = "127.0.0.1", .port = silent.port()}});

  EXPECT_EQ(error.code, ErrorCode::unreachable);
  EXPECT_THAT(error.message, HasSubstr("connection refused by 127.0.0.1:" + std::to_string(silent.port())));
}

TEST_F(CurlFailure, NoneShowsTheQueryWhichMayHoldASignature) {
  const LoopbackSocket silent;
  const auto port = std::to_string(silent.port());

  for (const auto& url :
       {"http://127.0.0.1:" + port, "https://127.0.0.1:" + port, std::string("https://account.invalid"),
        std::string("https://account name.invalid")}) {
    auto request =
        HttpRequest{.url = {.scheme = url.substr(0, url.find(':')), .host = url.substr(url.find("//") + 2)}};
    request.url.path = "/c";
    request.url.query = {{"sig", "sesame"}};
    EXPECT_THAT(failure_of(std::move(request)).message, testing::Not(HasSubstr("sesame"))) << url;
  }
}

TEST_F(CurlFailure, NoSuchHost) {
  const auto error = failure_of({.url = *parse_url("https://account.invalid/"), .limits = {.connect = 1min}});

  EXPECT_EQ(error.code, ErrorCode::unreachable);
  EXPECT_THAT(error.message, HasSubstr("no such host 'account.invalid'"));
}

TEST_F(CurlFailure, ABodyThatEndsEarlyIsNoAnswer) {
  HttpServer server([](const ServedRequest&, Reply& reply) {
    reply.send_head(200, {{"Content-Length", "10"}});
    reply.send_text("short");
    reply.close();
  });

  EXPECT_EQ(failure_at(server).code, ErrorCode::unavailable);
}

TEST_F(CurlFailure, AChunkedBodyThatEndsEarlyIsNoAnswer) {
  HttpServer server([](const ServedRequest&, Reply& reply) {
    reply.send_head(200, {{"Transfer-Encoding", "chunked"}});
    reply.send_text("5\r\nhello\r\n");
    reply.close();
  });

  EXPECT_EQ(failure_at(server).code, ErrorCode::unavailable);
}

TEST_F(CurlFailure, AResetPasses) {
  HttpServer server([](const ServedRequest&, Reply& reply) { reply.reset(); });

  const auto error = failure_at(server);

  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("connection to 127.0.0.1:" + std::to_string(server.port()) + " lost"));
}

TEST_F(CurlFailure, AnEndBeforeTheAnswerPasses) {
  HttpServer server([](const ServedRequest&, Reply& reply) { reply.close(); });

  EXPECT_EQ(failure_at(server).code, ErrorCode::unavailable);
}

TEST_F(CurlFailure, WhatIsNotHttpIsNoAnswer) {
  SocketServer server(tests::always_answering("SSH-2.0-OpenSSH_9.2\r\n"));

  const auto error = failure_of({.url = {.scheme = "http", .host = "127.0.0.1", .port = server.port()}});

  EXPECT_EQ(error.code, ErrorCode::corrupt);
}

TEST_F(CurlFailure, ABodyWithoutEndDoesNotEatTheMemory) {
  HttpServer server([](const ServedRequest&, Reply& reply) {
    const std::string piece(1U << 20U, 'x');
    reply.send_head(200, {});
    while (reply.send_text(piece)) continue;
  });

  const auto error = failure_at(server);

  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_THAT(error.message, HasSubstr("longer than any"));
}

TEST_F(CurlFailure, ABodyIsNoLongerThanItsRequestAllows) {
  HttpServer server([](const ServedRequest&, Reply& reply) { reply.send(200, {}, std::string(101, 'x')); });

  EXPECT_EQ(failure_of({.url = server.url(), .longest_body = 100}).code, ErrorCode::corrupt);
  EXPECT_TRUE(send_and_wait(network_, {.url = server.url(), .longest_body = 101}));
}

TEST_F(CurlFailure, AHeadWithoutEndDoesNotEatTheMemory) {
  HttpServer server([](const ServedRequest&, Reply& reply) {
    reply.send_text("HTTP/1.1 200 OK\r\n");
    while (reply.send_text("x-more: " + std::string(1000, 'x') + "\r\n")) continue;
  });

  EXPECT_EQ(failure_at(server).code, ErrorCode::corrupt);
}

TEST_F(CurlFailure, TlsToAPlainPortIsATrustMatter) {
  SocketServer server(tests::always_answering(bad_request));

  const auto error = failure_of({.url = https_of(server.port())});

  EXPECT_EQ(error.code, ErrorCode::untrusted);
  EXPECT_THAT(error.message, HasSubstr("TLS to 127.0.0.1"));
}

TEST_F(CurlFailure, ARefusedConnectionBeforeLeavesNoTraceInTheNextVerdict) {
  const LoopbackSocket silent;
  SocketServer plain(tests::always_answering(bad_request));
  ASSERT_EQ(failure_of({.url = https_of(silent.port())}).code, ErrorCode::unreachable);

  EXPECT_EQ(failure_of({.url = https_of(plain.port())}).code, ErrorCode::untrusted);
}

TEST_F(CurlFailure, AnAddressThatWasTriedFirstLeavesNoTraceInTheVerdict) {
  SocketServer plain(tests::always_answering(bad_request));  // on 127.0.0.1, and not on ::1

  const auto error = failure_of({.url = {.scheme = "https", .host = "localhost", .port = plain.port()}});

  EXPECT_EQ(error.code, ErrorCode::untrusted);
}

TEST_F(CurlFailure, AHandshakeCutShortSaysNothingAboutTrust) {
  SocketServer reset([](int connection) {
    std::array<char, 4096> hello;
    (void)::recv(connection, hello.data(), hello.size(), 0);
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  });
  SocketServer closed([](int connection) {
    std::array<char, 4096> hello;
    (void)::recv(connection, hello.data(), hello.size(), 0);
  });

  for (const int port : {closed.port(), reset.port()}) {
    const auto error = failure_of({.url = https_of(port)});
    EXPECT_EQ(error.code, ErrorCode::unavailable) << error.message;
  }
}

class CurlTls : public testing::Test {
 protected:
  tests::TemporaryDirectory directory_;
  const tests::CertificateFiles files_ = tests::make_certificate(directory_.path());
  SocketServer server_{tests::answering_over_tls(files_, good_answer)};
};

TEST_F(CurlTls, WhoSignsForHimselfIsNotTrusted) {
  CurlTransport network(1, "");

  const auto response = send_and_wait(network, {.url = https_of(server_.port())});

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::untrusted);
  EXPECT_THAT(response.error().message, HasSubstr("--ca-file"));
}

TEST_F(CurlTls, WhoSignsForHimselfIsTrustedByName) {
  CurlTransport network(1, files_.certificate);

  const auto response = send_and_wait(network, {.url = https_of(server_.port())});

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "hi");
}

TEST_F(CurlTls, AMissingAuthorityFileIsATrustMatter) {
  CurlTransport network(1, directory_.path() / "absent.pem");

  const auto response = send_and_wait(network, {.url = https_of(server_.port())});

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::untrusted);
}

TEST_F(CurlTls, APinnedCertificateIsTrustedWhoeverSignedIt) {
  CurlTransport network(1, "");
  const auto thumbprint = tests::thumbprint_of(files_);

  const auto response =
      send_and_wait(network, {.url = https_of(server_.port()), .pinned_certificate = thumbprint});

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "hi");
}

TEST_F(CurlTls, WherePinnedNoOtherCertificateIsTrustedNotEvenAnAuthoritys) {
  CurlTransport network(1, files_.certificate);
  const std::string other(40, 'a');

  const auto response =
      send_and_wait(network, {.url = https_of(server_.port()), .pinned_certificate = other});

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::untrusted);
  EXPECT_THAT(response.error().message, HasSubstr("only the certificate with the thumbprint " + other));
}

TEST_F(CurlTls, APinnedCertificateIsTrustedForItsOwnRequestOnly) {
  CurlTransport network(1, "");
  const auto url = https_of(server_.port());
  ASSERT_TRUE(send_and_wait(network, {.url = url, .pinned_certificate = tests::thumbprint_of(files_)}));

  const auto unpinned = send_and_wait(network, {.url = url});

  ASSERT_FALSE(unpinned);
  EXPECT_EQ(unpinned.error().code, ErrorCode::untrusted);
}

/// Sets a variable of the environment, and puts it back.
class Environment {
 public:
  Environment(std::string name, const char* value) : name_(std::move(name)) {
    if (const char* before = ::getenv(name_.c_str())) before_ = before;
    set(value);
  }
  ~Environment() { set(before_ ? before_->c_str() : nullptr); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void set(const char* value) { value ? ::setenv(name_.c_str(), value, 1) : ::unsetenv(name_.c_str()); }

  const std::string name_;
  std::optional<std::string> before_;
};

class CurlProxy : public testing::Test {
 protected:
  std::string target_;
  HttpServer proxy_{[this](const ServedRequest& request, Reply& reply) {
    target_ = request.target;
    reply.send(200, {}, "by proxy");
  }};
  const Environment proxy_variable_{"http_proxy", proxy_.url().to_string().c_str()};
  const Environment exceptions_{"no_proxy", nullptr};
  const Environment loud_exceptions_{"NO_PROXY", nullptr};
  CurlTransport network_{1, ""};
};

TEST_F(CurlProxy, IsUsedWhereTheEnvironmentNamesOne) {
  const auto response = send_and_wait(network_, {.url = *parse_url("http://account.invalid/c")});

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "by proxy");
  EXPECT_EQ(target_, "http://account.invalid/c");
}

TEST_F(CurlProxy, IsNotUsedForADirectRequest) {
  const auto response = send_and_wait(
      network_, {.url = *parse_url("http://account.invalid/c"), .limits = {.connect = 1min}, .direct = true});

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::unreachable);
  EXPECT_EQ(proxy_.connections(), 0U);
}

TEST_F(CurlProxy, DoesNotSeeTheCredentialOfTheLoopback) {
  HttpServer server([](const ServedRequest&, Reply& reply) { reply.send(200, {}, "itself"); });

  const auto response =
      send_and_wait(network_, {.url = server.url(), .headers = {{"Authorization", "Bearer t1"}}});

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "itself");
  EXPECT_EQ(proxy_.connections(), 0U);
}

TEST(CurlDescriptors, WithoutThemTheNetworkSaysSoAtOnce) {
  { const CurlTransport first(1, ""); }  // what curl opens once
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);

  EXPECT_THROW(CurlTransport(1, ""), std::system_error);

  ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace blobmount
