#include "auth/instance_metadata_source.hpp"

#include <chrono>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "fakes/manual_clock.hpp"
#include "fakes/scripted_transport.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using tests::ManualClock;
using tests::ScriptedTransport;
using Kind = ManagedIdentity::Kind;

const std::string good_body = R"({"access_token":"eyJ0.abc.def","expires_in":"86400","token_type":"Bearer"})";
const std::string not_found_body = R"({"error":"invalid_request","error_description":"Identity not found"})";
const std::string address =
    "http://169.254.169.254/metadata/identity/oauth2/token"
    "?api-version=2018-02-01&resource=https%3A%2F%2Fstorage.azure.com%2F";

class InstanceMetadata : public testing::Test {
 protected:
  Result<AccessToken> ask(ManagedIdentity identity = {}) {
    return InstanceMetadataSource(network_, clock_, std::move(identity), resource_, authority_)
        .request_token();
  }

  Error refusal_after(Result<HttpResponse> answer, Duration elapsed = 0s, ManagedIdentity identity = {}) {
    answer_ = std::move(answer);
    elapsed_ = elapsed;
    auto token = ask(std::move(identity));
    EXPECT_FALSE(token);
    return token ? Error{} : token.error();
  }

  static HttpResponse response(int status, std::string body = {}) {
    return {.status = status, .headers = {}, .body = std::move(body)};
  }

  std::string resource_ = "https://storage.azure.com/";
  Url authority_ = instance_metadata_authority();
  ManualClock clock_;
  Duration elapsed_{0};
  Result<HttpResponse> answer_ = response(200, good_body);
  ScriptedTransport network_{[this](const HttpRequest&) {
    clock_.advance(elapsed_);
    return answer_;
  }};
};

void expect_says(const Error& error, const std::string& words) {
  EXPECT_NE(error.message.find(words), std::string::npos) << error.message;
}

TEST_F(InstanceMetadata, AsksExactlyAsTheServiceWantsToBeAsked) {
  ASSERT_TRUE(ask());

  const auto requests = network_.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "GET");
  EXPECT_EQ(requests[0].url.to_string(), address);
  EXPECT_EQ(requests[0].headers.get("Metadata"), "true");
  EXPECT_TRUE(requests[0].direct);
  EXPECT_EQ(requests[0].limits.connect, 2s);
}

TEST_F(InstanceMetadata, NamesTheIdentityByAnyOfItsNames) {
  ASSERT_TRUE(ask({Kind::client_id, "c1"}));
  ASSERT_TRUE(ask({Kind::object_id, "o1"}));
  ASSERT_TRUE(ask({Kind::resource_id, "/subscriptions/s1"}));

  const auto requests = network_.requests();
  EXPECT_EQ(requests[0].url.to_string(), address + "&client_id=c1");
  EXPECT_EQ(requests[1].url.to_string(), address + "&object_id=o1");
  EXPECT_EQ(requests[2].url.to_string(), address + "&msi_res_id=%2Fsubscriptions%2Fs1");
}

TEST_F(InstanceMetadata, AsksWhereItIsTold) {
  authority_ = {.scheme = "http", .host = "127.0.0.1", .port = 8080, .path = "/pod/", .query = {}};

  ASSERT_TRUE(ask());

  EXPECT_TRUE(network_.requests()[0].url.to_string().starts_with(
      "http://127.0.0.1:8080/pod/metadata/identity/oauth2/token?"));
}

TEST_F(InstanceMetadata, CountsTheLifetimeFromTheQuestion) {
  const auto asked = clock_.now();
  elapsed_ = 3s;

  const auto token = ask();

  ASSERT_TRUE(token);
  EXPECT_EQ(token->issued, asked);
  EXPECT_EQ(token->expires, asked + 24h);
}

TEST_F(InstanceMetadata, AMissingIdentityIsFinalAndSaysWhatToDo) {
  const auto error = refusal_after(response(400, not_found_body));

  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  expect_says(error, "Identity not found");
  expect_says(error, "assign a managed identity to this machine");
  expect_says(error, "--client-id");
}

TEST_F(InstanceMetadata, AMissingNamedIdentityIsNamed) {
  const auto error = refusal_after(response(400, not_found_body), 0s, {Kind::client_id, "c1"});

  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  expect_says(error, "client id c1");
  expect_says(error, "check the id");
}

TEST_F(InstanceMetadata, EachStatusHasItsMeaning) {
  const std::pair<int, ErrorCode> table[] = {
      {302, ErrorCode::corrupt},
      {204, ErrorCode::corrupt},
      {400, ErrorCode::unauthenticated},
      {401, ErrorCode::unauthenticated},
      {403, ErrorCode::unauthenticated},
      {405, ErrorCode::unauthenticated},
      {404, ErrorCode::busy},
      {408, ErrorCode::unavailable},
      {410, ErrorCode::busy},
      {429, ErrorCode::throttled},
      {500, ErrorCode::unavailable},
      {503, ErrorCode::unavailable},
  };
  for (const auto& [status, code] : table) {
    const auto error = refusal_after(response(status));
    EXPECT_EQ(error.code, code) << status;
    expect_says(error, std::to_string(status));
  }
}

TEST_F(InstanceMetadata, ARedirectIsNotFollowed) {
  const auto error = refusal_after(HttpResponse{302, {{"Location", "http://elsewhere.example/"}}, good_body});

  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_EQ(network_.requests().size(), 1U);
}

TEST_F(InstanceMetadata, AnAnswerThatIsNoTokenIsRefused) {
  EXPECT_EQ(refusal_after(response(200, "<html>")).code, ErrorCode::corrupt);
}

TEST_F(InstanceMetadata, AMachineWithoutTheEndpointIsTold) {
  const auto refused = refusal_after(Error{ErrorCode::unreachable, "connection refused"});
  const auto dropped = refusal_after(Error{ErrorCode::timed_out, "no connection within 2 s"}, 2s);

  for (const auto& error : {refused, dropped}) {
    EXPECT_EQ(error.code, ErrorCode::unreachable);
    expect_says(error, "no answer from the identity endpoint at http://169.254.169.254: is this an Azure VM");
  }
}

TEST_F(InstanceMetadata, AnEndpointThatStallsIsThereAndMayRecover) {
  const auto error = refusal_after(Error{ErrorCode::timed_out, "no byte for 5 s"}, 5s);

  EXPECT_EQ(error.code, ErrorCode::timed_out);
  expect_says(error, "ask the identity endpoint at http://169.254.169.254 for a token: no byte for 5 s");
}

TEST_F(InstanceMetadata, OtherFailuresKeepTheirMeaning) {
  EXPECT_EQ(refusal_after(Error{ErrorCode::unavailable, "reset"}).code, ErrorCode::unavailable);
  EXPECT_EQ(refusal_after(Error{ErrorCode::cancelled, "ending"}).code, ErrorCode::cancelled);
}

TEST_F(InstanceMetadata, DescribesItselfForPeople) {
  const InstanceMetadataSource by_default(network_, clock_, {}, resource_, authority_);
  const InstanceMetadataSource by_object(network_, clock_, {Kind::object_id, "o1"}, resource_, authority_);

  EXPECT_EQ(by_default.description(), "managed identity (system-assigned)");
  EXPECT_EQ(by_object.description(), "managed identity (object id o1)");
}

}  // namespace
}  // namespace blobmount
