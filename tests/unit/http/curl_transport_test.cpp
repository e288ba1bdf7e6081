#include "http/curl_transport.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/http_server.hpp"
#include "unit/http/collecting_sink.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::CollectingSink;
using tests::HttpServer;
using tests::Reply;
using tests::ServedRequest;

/// What went over the wire, and what came back.
class CurlRequest : public testing::Test {
 protected:
  Result<HttpResponse> send(HttpRequest request) { return send_and_wait(network_, std::move(request)); }
  Result<HttpResponse> get(std::string path = "/") { return send({.url = server_.url(std::move(path))}); }

  /// Read only after the answer is there.
  ServedRequest seen_;
  HttpServer::Handler answer_ = [](const ServedRequest&, Reply& reply) { reply.send(200, {}, "hello"); };
  HttpServer server_{[this](const ServedRequest& request, Reply& reply) {
    seen_ = request;
    answer_(request, reply);
  }};
  CurlTransport network_{1, ""};
};

TEST_F(CurlRequest, GetAsksAndTakesTheBody) {
  const auto response = get();

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(seen_.method, "GET");
  EXPECT_THAT(seen_.body, IsEmpty());
}

TEST_F(CurlRequest, HeadTakesNoBody) {
  const auto response = send({.method = "HEAD", .url = server_.url()});

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(seen_.method, "HEAD");
  EXPECT_EQ(response->headers.get("Content-Length"), "5");
  EXPECT_THAT(response->body, IsEmpty());
}

TEST_F(CurlRequest, PutSendsItsBody) {
  const std::string body("a\0b\r\n\r\n", 7);

  ASSERT_TRUE(send({.method = "PUT", .url = server_.url(), .body = body}));

  EXPECT_EQ(seen_.method, "PUT");
  EXPECT_EQ(seen_.body, body);
  EXPECT_EQ(seen_.header("Content-Length"), "7");
}

TEST_F(CurlRequest, ALargeBodyGoesAtOnce) {
  ASSERT_TRUE(send({.method = "PUT", .url = server_.url(), .body = std::string(3U << 20U, 'x')}));

  EXPECT_EQ(seen_.body.size(), 3U << 20U);
  EXPECT_EQ(seen_.header("Expect"), std::nullopt);
}

TEST_F(CurlRequest, AnEmptyPutSaysThatItIsEmpty) {
  ASSERT_TRUE(send({.method = "PUT", .url = server_.url()}));

  EXPECT_EQ(seen_.header("Content-Length"), "0");
  EXPECT_EQ(seen_.header("Transfer-Encoding"), std::nullopt);
}

TEST_F(CurlRequest, DeleteHasNoBody) {
  ASSERT_TRUE(send({.method = "DELETE", .url = server_.url()}));

  EXPECT_EQ(seen_.method, "DELETE");
  EXPECT_EQ(seen_.header("Content-Length"), std::nullopt);
}

TEST_F(CurlRequest, AHandleForgetsTheRequestBefore) {
  ASSERT_TRUE(send({.method = "PUT", .url = server_.url("/a"), .headers = {{"x-a", "1"}}, .body = "body"}));
  ASSERT_TRUE(send({.method = "HEAD", .url = server_.url("/b"), .range = ByteRange{0, 1}}));
  ASSERT_TRUE(get("/c"));

  EXPECT_EQ(seen_.method, "GET");
  EXPECT_EQ(seen_.target, "/c");
  EXPECT_THAT(seen_.body, IsEmpty());
  EXPECT_EQ(seen_.header("x-a"), std::nullopt);
  EXPECT_EQ(seen_.header("Range"), std::nullopt);
}

TEST_F(CurlRequest, HeadersTravelBothWays) {
  answer_ = [](const ServedRequest&, Reply& reply) {
    reply.send(200, {{"ETag", "\"0x8D\""},
                     {"x-ms-meta-a", ""},
                     {"x-spaces", " \t v \t"},
                     {"x-twice", "1"},
                     {"X-Twice", "2"}});
  };

  const auto response = send(
      {.url = server_.url(), .headers = {{"If-Match", "\"0x8D\""}, {"x-empty", ""}, {"x-utf8", "Grüße"}}});

  EXPECT_EQ(seen_.header("If-Match"), "\"0x8D\"");
  EXPECT_EQ(seen_.header("x-empty"), "");
  EXPECT_EQ(seen_.header("x-utf8"), "Grüße");
  EXPECT_EQ(response->headers.get("etag"), "\"0x8D\"");
  EXPECT_EQ(response->headers.get("x-ms-meta-a"), "");
  EXPECT_EQ(response->headers.get("x-spaces"), "v");
  EXPECT_EQ(response->headers.get("x-twice"), "1");
}

TEST_F(CurlRequest, CurlAddsNothingOfItsOwn) {
  ASSERT_TRUE(send({.method = "PUT", .url = server_.url(), .body = "body"}));

  std::vector<std::string> names;
  for (const auto& [name, value] : seen_.headers) names.push_back(name);
  EXPECT_THAT(names, testing::UnorderedElementsAre("Host", "Content-Length"));
}

TEST_F(CurlRequest, AHeaderThatTheCallerSetsIsSent) {
  ASSERT_TRUE(send({.method = "PUT",
                    .url = server_.url(),
                    .headers = {{"content-type", "text/plain"}, {"Accept", "x/y"}},
                    .body = "body"}));

  EXPECT_EQ(seen_.header("Content-Type"), "text/plain");
  EXPECT_EQ(seen_.header("Accept"), "x/y");
}

TEST_F(CurlRequest, ARangeIsAskedFor) {
  ASSERT_TRUE(send({.url = server_.url(), .range = ByteRange{5'000'000'000, 100}}));

  EXPECT_EQ(seen_.header("Range"), "bytes=5000000000-5000000099");
}

TEST_F(CurlRequest, ThePathGoesAsItIs) {
  for (const std::string path :
       {"/c/../a/./b", "/c/a%2Fb%25%20%C3%BC", "/c//d/", "/c/'a'(b)!*;=+,$&@:~", "/."}) {
    ASSERT_TRUE(get(path));
    EXPECT_EQ(seen_.target, path);
  }
}

TEST_F(CurlRequest, TheQueryGoesEncoded) {
  auto url = server_.url("/c");
  url.query = {{"prefix", "a b/&c=d+e#f%'\"\\ü"}, {"comp", "list"}};

  ASSERT_TRUE(send({.url = url}));

  EXPECT_EQ(seen_.parameter("prefix"), "a b/&c=d+e#f%'\"\\ü");
  EXPECT_EQ(seen_.parameter("comp"), "list");
}

TEST_F(CurlRequest, ARedirectIsAnAnswer) {
  answer_ = [this](const ServedRequest&, Reply& reply) {
    reply.send(302, {{"Location", server_.url("/elsewhere").to_string()}});
  };

  const auto response = get("/here");

  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(seen_.target, "/here");
}

TEST_F(CurlRequest, WhatCouldBeReadAsTwoRequestsIsNotSent) {
  const auto response = send({.url = server_.url(), .headers = {{"If-Match", "e\r\nx-evil: 1"}}});

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(CurlRequest, ConnectionsAreUsedAgain) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(get());

  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(CurlRequest, AConnectionThatEndedMeanwhileIsReplaced) {
  answer_ = [](const ServedRequest&, Reply& reply) {
    reply.send(200, {});
    reply.close();
  };

  for (int i = 0; i < 3; ++i) EXPECT_TRUE(get());
}

TEST_F(CurlRequest, AnInterimAnswerIsPassedOver) {
  answer_ = [](const ServedRequest&, Reply& reply) {
    reply.send_text("HTTP/1.1 103 Early Hints\r\nx-early: 1\r\n\r\n");
    reply.send(200, {{"x-late", "1"}}, "hello");
  };

  const auto response = get();

  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->headers.get("x-early"), std::nullopt);
  EXPECT_EQ(response->headers.get("x-late"), "1");
}

TEST_F(CurlRequest, NoTrailerRewritesTheHead) {
  answer_ = [](const ServedRequest&, Reply& reply) {
    reply.send_head(200, {{"Transfer-Encoding", "chunked"}, {"ETag", "e"}});
    reply.send_text("5\r\nhello\r\n0\r\nHTTP/1.1 404: x\r\nx-trailer: 1\r\n\r\n");
  };

  const auto response = get();

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->headers.get("ETag"), "e");
  EXPECT_EQ(response->headers.get("x-trailer"), std::nullopt);
}

class CurlSink : public CurlRequest {
 protected:
  Result<HttpResponse> fetch(const std::shared_ptr<CollectingSink>& sink) {
    return send({.url = server_.url(), .range = ByteRange{10, 5}, .sink = sink});
  }

  const std::shared_ptr<CollectingSink> sink_ = std::make_shared<CollectingSink>();
};

TEST_F(CurlSink, TakesTheBodyOfASuccess) {
  answer_ = [](const ServedRequest&, Reply& reply) { reply.send(206, {{"ETag", "e"}}, "hello"); };

  const auto response = fetch(sink_);

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(sink_->text(), "hello");
  EXPECT_THAT(response->body, IsEmpty());
  ASSERT_THAT(sink_->heads(), SizeIs(1));
  EXPECT_EQ(sink_->heads()[0].status, 206);
  EXPECT_EQ(sink_->heads()[0].headers.get("ETag"), "e");
  EXPECT_EQ(sink_->ranges()[0], (ByteRange{10, 5}));
}

TEST_F(CurlSink, AnEmptyBodyStillShowsItsHead) {
  answer_ = [](const ServedRequest&, Reply& reply) { reply.send(200, {}); };

  EXPECT_TRUE(fetch(sink_));

  EXPECT_THAT(sink_->heads(), SizeIs(1));
}

TEST_F(CurlSink, DoesNotSeeTheBodyOfARefusal) {
  answer_ = [](const ServedRequest&, Reply& reply) { reply.send(404, {}, "<Error/>"); };

  const auto response = fetch(sink_);

  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "<Error/>");
  EXPECT_THAT(sink_->heads(), IsEmpty());
  EXPECT_THAT(sink_->text(), IsEmpty());
}

TEST_F(CurlSink, ARefusedHeadEndsTheTry) {
  for (const std::string_view body : {"hello", ""}) {
    answer_ = [body](const ServedRequest&, Reply& reply) { reply.send(206, {}, body); };
    const auto sink = std::make_shared<CollectingSink>(
        CollectingSink::Orders{.refuse_head = Error{ErrorCode::changed, "another version"}});

    const auto response = fetch(sink);

    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, ErrorCode::changed);
    EXPECT_EQ(response.error().message, "another version");
    EXPECT_THAT(sink->text(), IsEmpty());
  }
}

TEST_F(CurlSink, ARefusedBodyEndsTheTry) {
  answer_ = [](const ServedRequest&, Reply& reply) {
    reply.send_head(206, {{"Transfer-Encoding", "chunked"}});
    while (reply.send_text("5\r\nhello\r\n")) continue;
  };
  const auto sink = std::make_shared<CollectingSink>(
      CollectingSink::Orders{.refuse_body = Error{ErrorCode::corrupt, "too much"}});

  const auto response = fetch(sink);

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::corrupt);
  EXPECT_EQ(response.error().message, "too much");
}

TEST_F(CurlSink, KeepsWhatCameBeforeTheBreak) {
  answer_ = [](const ServedRequest&, Reply& reply) {
    reply.send_head(206, {{"Content-Length", "5"}});
    reply.send_text("hel");
    reply.close();
  };

  const auto response = fetch(sink_);

  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::unavailable);
  EXPECT_EQ(sink_->text(), "hel");
}

TEST_F(CurlSink, IsLetGoBeforeTheAnswerIsToldAbout) {
  auto sink = std::make_shared<CollectingSink>();
  const std::weak_ptr<CollectingSink> watched = sink;
  std::promise<bool> gone;

  network_.start({.url = server_.url(), .sink = std::move(sink)},
                 [&](const Result<HttpResponse>&) { gone.set_value(watched.expired()); });

  EXPECT_TRUE(gone.get_future().get());
}

}  // namespace
}  // namespace blobmount
