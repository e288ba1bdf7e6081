/// Endpoints that are not what they seem: whatever they answer, it ends in an Error that says so.

#include <chrono>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/instance_metadata_source.hpp"
#include "base/system_clock.hpp"
#include "fakes/http_server.hpp"
#include "http/curl_transport.hpp"

namespace blobmount {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::HttpServer;
using tests::Reply;
using tests::ServedRequest;

class HostileEndpoint : public testing::Test {
 protected:
  Error refusal_by(HttpServer::Handler handler) {
    HttpServer server(std::move(handler));
    InstanceMetadataSource source(network_, clock_, {}, "https://storage.azure.com/", server.url());
    const auto token = source.request_token();
    EXPECT_FALSE(token);
    return token ? Error{} : token.error();
  }
  Error refusal_of(int status, const std::string& body) {
    return refusal_by([&](const ServedRequest&, Reply& reply) { reply.send(status, {}, body); });
  }

  SystemClock clock_;
  CurlTransport network_{1, ""};
};

TEST_F(HostileEndpoint, ThatNeverEndsIsCutOff) {
  const auto error = refusal_by([](const ServedRequest&, Reply& reply) {
    const std::string piece(64U << 10U, 'x');
    reply.send_head(200, {});
    while (reply.send_text(piece)) continue;
  });

  EXPECT_EQ(error.code, ErrorCode::corrupt) << error.message;
  EXPECT_THAT(error.message, HasSubstr("longer than any"));
}

TEST_F(HostileEndpoint, ThatSaysMoreThanAMebibyteIsCutOff) {
  EXPECT_EQ(
      refusal_of(200, R"({"access_token":")" + std::string(1U << 20U, 'x') + R"(","expires_in":60})").code,
      ErrorCode::corrupt);
}

TEST_F(HostileEndpoint, ThatIsAWebPageIsNoEndpoint) {
  const std::string page = "<html><body>Sign in to the network</body></html>";

  EXPECT_EQ(refusal_of(200, page).code, ErrorCode::corrupt);
  const auto refused = refusal_of(403, page);

  EXPECT_EQ(refused.code, ErrorCode::unauthenticated);
  EXPECT_THAT(refused.message, AllOf(HasSubstr("403"), Not(HasSubstr("<"))));
}

TEST_F(HostileEndpoint, ThatSpeaksNoJsonIsNoEndpoint) {
  for (const std::string body : {"", "{", "null", R"({"access_token":"eyJ0","expires_in":60)", "\xff\xfe"}) {
    EXPECT_EQ(refusal_of(200, body).code, ErrorCode::corrupt) << body;
  }
}

TEST_F(HostileEndpoint, ThatWouldAddHeadersIsRefusedWithoutBeingQuoted) {
  const auto error = refusal_of(200, R"({"access_token":"eyJ0\r\nx-ms-evil: 1","expires_in":60})");

  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_THAT(error.message, Not(HasSubstr("evil")));
}

TEST_F(HostileEndpoint, ThatSpoilsTheLogIsQuotedOnOneLine) {
  const auto error = refusal_of(400, R"({"error":"a\nb","error_description":"c\r\nd\u001b[2J"})");

  EXPECT_EQ(error.message.find_first_of("\r\n\x1b"), std::string::npos) << error.message;
}

TEST_F(HostileEndpoint, ThatPointsElsewhereIsNotFollowed) {
  int asked_elsewhere = 0;
  HttpServer elsewhere([&](const ServedRequest&, Reply& reply) {
    ++asked_elsewhere;
    reply.send(200, {}, R"({"access_token":"eyJ0.abc.def","expires_in":60})");
  });

  for (const int status : {301, 302, 303, 307, 308}) {
    const auto error = refusal_by([&](const ServedRequest&, Reply& reply) {
      reply.send(status, {{"Location", elsewhere.url().to_string()}});
    });
    EXPECT_EQ(error.code, ErrorCode::corrupt) << status;
    EXPECT_THAT(error.message, AllOf(HasSubstr(std::to_string(status)), HasSubstr("points elsewhere")));
  }
  EXPECT_EQ(asked_elsewhere, 0);
}

TEST_F(HostileEndpoint, ThatWantsToBeLeftAloneSaysForHowLong) {
  const auto error = refusal_by([](const ServedRequest&, Reply& reply) {
    reply.send(429, {{"Retry-After", "7"}}, R"({"error":"too_many_requests"})");
  });

  EXPECT_EQ(error.code, ErrorCode::throttled);
  EXPECT_EQ(error.retry_after, std::chrono::seconds{7});
}

TEST_F(HostileEndpoint, ThatGivesSeveralIdentitiesIsQuotedWithWhatToDo) {
  const auto error = refusal_of(
      400,
      R"({"error":"invalid_request","error_description":"Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"})");

  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  EXPECT_THAT(error.message, AllOf(HasSubstr("please specify the clientId / resourceId of the identity"),
                                   HasSubstr("name one of them with --client-id")));
}

}  // namespace
}  // namespace blobmount
