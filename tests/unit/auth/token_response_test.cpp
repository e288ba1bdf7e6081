#include "auth/token_response.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

std::string refusal_reason(std::string_view body) { return reason_of(parse_refusal(body)); }

using namespace std::chrono_literals;

constexpr SteadyTime now{1000h};
constexpr WallTime wall_now{std::chrono::seconds{1'700'000'000}};

Result<AccessToken> parse(const std::string& body) { return parse_token(body, now, wall_now); }

/// An answer with a good token and these members besides.
std::string answer_with(const std::string& members) {
  return R"({"access_token":"eyJ0.abc.def",)" + members + "}";
}

void expect_lifetime(const std::string& members, SteadyTime::duration lifetime) {
  const auto token = parse(answer_with(members));

  ASSERT_TRUE(token) << members << ": " << token.error().message;
  EXPECT_EQ(token->issued, now) << members;
  EXPECT_EQ(token->expires - now, lifetime) << members;
}

void expect_refused(const std::string& body, const std::string& because) {
  const auto token = parse(body);

  ASSERT_FALSE(token) << body;
  EXPECT_EQ(token.error().code, ErrorCode::corrupt) << body;
  EXPECT_NE(token.error().message.find(because), std::string::npos) << token.error().message;
}

TEST(TokenResponse, ReadsWhatTheMetadataServiceSends) {
  const auto token = parse(R"({"access_token":"eyJ0.abc.def","client_id":"c0ffee","expires_in":"86399",
      "expires_on":"1700086399","ext_expires_in":"86399","not_before":"1699999700",
      "resource":"https://storage.azure.com/","token_type":"Bearer"})");

  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->value.reveal(), "eyJ0.abc.def");
  EXPECT_EQ(token->expires, now + 86399s);
}

TEST(TokenResponse, TakesTheTimeOfDeathAsNumberOrString) {
  expect_lifetime(R"("expires_on":1700003600)", 3600s);
  expect_lifetime(R"("expires_on":"1700003600")", 3600s);
}

TEST(TokenResponse, TakesTheTimeOfDeathAsDate) {
  expect_lifetime(R"("expires_on":"11/14/2023 23:13:20 +00:00")", 3600s);
  expect_lifetime(R"("expires_on":"11/14/2023 11:13:20 PM +00:00")", 3600s);
  expect_lifetime(R"("expires_on":"2023-11-14T23:13:20Z")", 3600s);
}

TEST(TokenResponse, TakesTheLifetimeAsNumberOrString) {
  expect_lifetime(R"("expires_in":3599)", 3599s);
  expect_lifetime(R"("expires_in":"3599")", 3599s);
}

TEST(TokenResponse, PrefersTheLifetimeForTheCalendarMayBeWrong) {
  expect_lifetime(R"("expires_on":1600000000,"expires_in":3599)", 3599s);
}

TEST(TokenResponse, PassesOverMembersThatSayNothing) {
  expect_lifetime(R"("expires_in":"","expires_on":1700003600)", 3600s);
  expect_lifetime(R"("expires_in":null,"expires_on":1700003600)", 3600s);
}

TEST(TokenResponse, TellsWhenTheServiceWouldLikeToBeAskedAgain) {
  EXPECT_EQ(parse(answer_with(R"("expires_in":86400,"refresh_in":43200)"))->renew, now + 12h);
  EXPECT_EQ(parse(answer_with(R"("expires_in":"86400","refresh_in":"43200")"))->renew, now + 12h);
  EXPECT_EQ(parse(answer_with(R"("expires_in":86400)"))->renew, std::nullopt);
}

TEST(TokenResponse, AdviceThatWouldBeAStormOrTooLateIsNotTaken) {
  for (const auto* const advice :
       {"0", "-1", "1", "8639", "77761", "86400", "99999999999", R"("soon")", R"("")", "null", "1e9", "[]"}) {
    const auto token = parse(answer_with(R"("expires_in":86400,"refresh_in":)" + std::string(advice)));
    ASSERT_TRUE(token) << advice;
    EXPECT_EQ(token->renew, std::nullopt) << advice;
  }
}

TEST(TokenResponse, TakesTheTypeInAnyCase) {
  expect_lifetime(R"("expires_in":60,"token_type":"bearer")", 60s);
  expect_lifetime(R"("expires_in":60,"token_type":"BEARER")", 60s);
}

TEST(TokenResponse, TakesNoStackForWhatIsNestedDeeply) {
  constexpr std::size_t levels = 500'000;
  const auto nested = std::string(levels, '[') + std::string(levels, ']');

  const auto token = parse(answer_with(R"("expires_in":"86399","more":)" + nested));

  ASSERT_TRUE(token);
  EXPECT_EQ(token->expires, now + 86399s);
}

TEST(TokenResponse, RefusesWhatIsNoObject) {
  expect_refused("", "no access_token");
  expect_refused("<html>sign in</html>", "no access_token");
  expect_refused("[]", "no access_token");
  expect_refused(R"("access_token")", "no access_token");
  expect_refused(R"({"access_token":"eyJ0)", "no access_token");
  expect_refused(std::string(100'000, '['), "no access_token");
}

TEST(TokenResponse, RefusesAnotherTypeOfToken) {
  expect_refused(answer_with(R"("expires_in":60,"token_type":"pop")"), "not Bearer");
  expect_refused(answer_with(R"("expires_in":60,"token_type":7)"), "not Bearer");
}

TEST(TokenResponse, RefusesATokenThatIsNoText) {
  expect_refused(R"({"expires_in":60})", "no access_token");
  expect_refused(R"({"access_token":5,"expires_in":60})", "no access_token");
  expect_refused(R"({"access_token":null,"expires_in":60})", "no access_token");
}

TEST(TokenResponse, RefusesATokenThatCouldSmuggleHeaders) {
  for (const std::string token :
       {"", "two words", R"(line\r\nbreak)", R"(nul\u0000)", R"(tab\t)", R"(\u007f)", "ä"}) {
    expect_refused(R"({"expires_in":60,"access_token":")" + token + "\"}", "characters");
  }
}

TEST(TokenResponse, RefusesALifetimeThatIsOver) {
  expect_refused(answer_with(R"("expires_in":0)"), "0 seconds");
  expect_refused(answer_with(R"("expires_in":"-5")"), "-5 seconds");
  expect_refused(answer_with(R"("expires_on":1699999000)"), "clock right?");
}

TEST(TokenResponse, RefusesALifetimeThatCannotBe) {
  expect_refused(answer_with(R"("expires_in":86400000)"), "clock right?");
  expect_refused(answer_with(R"("expires_on":1700003600000)"), "clock right?");
  expect_refused(answer_with(R"("expires_in":18446744073709551615)"), "not a number");
  expect_refused(answer_with(R"("expires_on":-9223372036854775808)"), "clock right?");
  expect_refused(answer_with(R"("expires_in":"99999999999999999999")"), "not a number");
}

TEST(TokenResponse, RefusesALifetimeThatIsNoNumber) {
  expect_refused(answer_with(R"("x":1)"), "neither");
  expect_refused(answer_with(R"("expires_in":"soon")"), "not a number");
  expect_refused(answer_with(R"("expires_in":"60s")"), "not a number");
  expect_refused(answer_with(R"("expires_in":true)"), "not a number");
  expect_refused(answer_with(R"("expires_on":{"s":60})"), "not a number");
}

TEST(TokenResponse, NeverShowsTheTokenInAnError) {
  const auto token = parse(R"({"access_token":"top secret","expires_in":-1})");

  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().message.find("secret"), std::string::npos) << token.error().message;
}

TEST(RefusalReason, IsTheDescriptionAndTheName) {
  EXPECT_EQ(refusal_reason(R"({"error":"invalid_request","error_description":"Identity not found"})"),
            "Identity not found (invalid_request)");
  EXPECT_EQ(refusal_reason(R"({"error_description":"Identity not found"})"), "Identity not found");
  EXPECT_EQ(refusal_reason(R"({"error":"invalid_request"})"), "invalid_request");
}

TEST(RefusalReason, IsFoundWhereOtherHostsPutIt) {
  EXPECT_EQ(
      refusal_reason(
          R"({"error":{"correlationId":"1","code":"SecretHeaderNotFound","message":"Secret is not found"}})"),
      "Secret is not found (SecretHeaderNotFound)");
  EXPECT_EQ(refusal_reason(R"({"statusCode":400,"message":"No Managed Identity found"})"),
            "No Managed Identity found");
  EXPECT_EQ(refusal_reason(R"({"StatusCode":400,"Message":"No MSI found","CorrelationId":"1"})"),
            "No MSI found");
}

TEST(AnswerMember, IsItsWholeText) {
  EXPECT_EQ(answer_member(R"({"client_id":"c1"})", "client_id"), "c1");
  const std::string long_id(1000, 'x');
  EXPECT_EQ(answer_member(R"({"client_id":")" + long_id + "\"}", "client_id"), long_id);
  EXPECT_EQ(answer_member(R"({"client_id":1})", "client_id"), "");
  EXPECT_EQ(answer_member("<html>", "client_id"), "");
}

TEST(RefusalReason, SaysSoWhereThereIsNone) {
  for (const auto* body : {"", "{}", "[]", "<html>", R"({"error":{"code":1}})", R"({"error":""})"}) {
    EXPECT_EQ(refusal_reason(body), "no reason given") << body;
  }
}

TEST(RefusalReason, LeavesOutTheNumbersOfTheServicesOwnTraces) {
  for (const std::string gap : {" ", R"(\r\n)"}) {
    const auto reason =
        refusal_reason(R"({"error":"invalid_client","error_description":"AADSTS1: No.)" + gap +
                       "Trace ID: 1" + gap + "Correlation ID: 2" + gap + "Timestamp: 3\"}");

    EXPECT_EQ(reason, "AADSTS1: No. (invalid_client)");
  }
}

TEST(RefusalReason, StaysOnOneLineOfModerateLength) {
  const auto reason =
      refusal_reason(R"({"error_description":"first\r\nsecond )" + std::string(5000, 'x') + "\"}");

  EXPECT_EQ(reason.find_first_of("\r\n"), std::string::npos);
  EXPECT_LT(reason.size(), 1100U);
}

}  // namespace
}  // namespace blobmount
