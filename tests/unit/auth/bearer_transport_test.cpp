#include "auth/bearer_transport.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/scripted_transport.hpp"

namespace blobmount {
namespace {

using tests::answer_of;
using tests::ScriptedTransport;

/// Hands out what it holds, and remembers what was rejected.
class FakeTokens final : public TokenProvider {
 public:
  [[nodiscard]] Result<AccessToken> current() const override { return current_; }
  void reject(const AccessToken& token, const BearerChallenge& challenge) override {
    rejected_.emplace_back(token.value.reveal());
    challenge_ = challenge;
  }

  void hold(Result<AccessToken> current) { current_ = std::move(current); }
  [[nodiscard]] const std::vector<std::string>& rejected() const { return rejected_; }
  [[nodiscard]] const BearerChallenge& challenge() const { return challenge_; }

 private:
  Result<AccessToken> current_ = AccessToken{Secret{"t1"}, {}, {}};
  std::vector<std::string> rejected_;
  BearerChallenge challenge_;
};

class Bearer : public testing::Test {
 protected:
  Result<HttpResponse> get(const std::string& url) {
    BM_ASSIGN(parsed, parse_url(url));
    return answer_of(
        bearer_,
        {.url = std::move(parsed), .headers = {{"x-ms-version", "1"}}, .body = {}, .range = {}, .sink = {}});
  }

  FakeTokens tokens_;
  Result<HttpResponse> answer_ = HttpResponse{.status = 200, .headers = {}, .body = "hello"};
  ScriptedTransport network_{[this](const HttpRequest&) { return answer_; }};
  BearerTransport bearer_{network_, tokens_};
};

TEST_F(Bearer, ARequestCarriesTheTokenAndWhatItCarriedBefore) {
  const auto answer = get("https://account.example/");

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "hello");
  const auto sent = network_.requests().at(0);
  EXPECT_EQ(sent.headers.get("Authorization"), "Bearer t1");
  EXPECT_EQ(sent.headers.get("x-ms-version"), "1");
}

TEST_F(Bearer, NoTokenTravelsInTheClearToAnotherMachine) {
  for (const auto* url :
       {"http://account.example/", "http://169.254.169.254/", "http://127.0.0.1.example/"}) {
    const auto answer = get(url);
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(answer.error().message.find("plain http"), std::string::npos) << answer.error().message;
  }
  EXPECT_TRUE(network_.requests().empty());
}

TEST_F(Bearer, WithinThisMachineATokenNeedsNoTls) {
  EXPECT_TRUE(get("http://127.0.0.1:10000/account/"));
  EXPECT_TRUE(get("http://localhost:10000/account/"));
}

TEST_F(Bearer, WithoutATokenNothingIsSent) {
  tokens_.hold(Error{ErrorCode::unauthenticated, "no valid token: gone"});

  const auto answer = get("https://account.example/");

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(answer.error().message, "no valid token: gone");
  EXPECT_TRUE(network_.requests().empty());
}

TEST_F(Bearer, ARefusedTokenIsRejectedAndTheAnswerPassedOn) {
  answer_ = HttpResponse{401, {{"WWW-Authenticate", "Bearer"}}, "<Error/>"};

  const auto answer = get("https://account.example/");

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 401);
  EXPECT_EQ(answer->headers.get("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(answer->body, "<Error/>");
  EXPECT_EQ(tokens_.rejected(), std::vector<std::string>{"t1"});
}

TEST_F(Bearer, WhatTheServiceSaysOfItsTokensIsPassedOn) {
  answer_ = HttpResponse{
      401,
      {{"WWW-Authenticate",
        "Bearer authorization_uri=https://login.microsoftonline.com/contoso.com/oauth2/authorize "
        "resource_id=https://account.example"}},
      ""};

  ASSERT_TRUE(get("https://account.example/"));

  EXPECT_EQ(tokens_.challenge(), (BearerChallenge{"contoso.com", "https://account.example"}));
}

TEST_F(Bearer, TheTokenThatWasUsedIsRejectedNotItsSuccessor) {
  ScriptedTransport slow([this](const HttpRequest&) -> Result<HttpResponse> {
    tokens_.hold(AccessToken{Secret{"t2"}, {}, {}});
    return HttpResponse{.status = 401, .headers = {}, .body = {}};
  });
  BearerTransport bearer(slow, tokens_);

  ASSERT_TRUE(answer_of(
      bearer,
      {.url = *parse_url("https://account.example/"), .headers = {}, .body = {}, .range = {}, .sink = {}}));

  EXPECT_EQ(tokens_.rejected(), std::vector<std::string>{"t1"});
}

TEST_F(Bearer, OtherAnswersDoNotBlameTheToken) {
  for (const int status : {200, 206, 403, 404, 429, 500, 503}) {
    answer_ = HttpResponse{.status = status, .headers = {}, .body = {}};
    ASSERT_TRUE(get("https://account.example/"));
  }
  answer_ = Error{ErrorCode::unavailable, "connection reset"};
  ASSERT_FALSE(get("https://account.example/"));

  EXPECT_TRUE(tokens_.rejected().empty());
}

}  // namespace
}  // namespace blobmount
