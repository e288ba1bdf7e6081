#include "auth/azure_cli_source.hpp"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fakes/access_token.hpp"
#include "fakes/manual_clock.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr SteadyTime now{1000h};
constexpr WallTime wall_now{1'800'000'000s};

Result<AccessToken> parse(const std::string& output) { return parse_cli_token(output, now, wall_now); }

TEST(AzureCliToken, ExpiresAtTheEpochSecondsItSays) {
  const auto token = parse(R"({"accessToken": "t", "expiresOn": "1999-01-01 00:00:00.000000",
                               "expires_on": 1800003600, "subscription": "s", "tokenType": "Bearer"})");

  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->value.reveal(), "t");
  EXPECT_EQ(token->issued, now);
  EXPECT_EQ(token->expires, now + 1h);
}

TEST(AzureCliToken, OfAnOldVersionExpiresAtALocalTime) {
  const auto expires = std::chrono::system_clock::to_time_t(wall_now + 1h);
  std::tm local{};
  localtime_r(&expires, &local);
  char text[64];
  std::strftime(text, sizeof text, "%F %T.000000", &local);

  const auto token = parse(R"({"accessToken": "t", "expiresOn": ")" + std::string(text) + "\"}");

  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->expires, now + 1h);
}

TEST(AzureCliToken, ThatDoesNotSayWhenItExpiresIsGoodForTheLeastThatAzPromises) {
  for (const auto* const expiry : {"null", "\"N/A\""}) {
    const auto token = parse(R"({"accessToken": "t", "expiresOn": )" + std::string(expiry) + "}");
    ASSERT_TRUE(token) << token.error().message;
    EXPECT_EQ(token->expires, now + 5min) << expiry;
  }
}

TEST(AzureCliToken, WhatIsNoneIsAnErrorThatDoesNotShowIt) {
  for (const auto* const output :
       {"", "[]", "null", "sesame", R"({"accessToken": 1})", R"({"token": "sesame"})",
        R"({"accessToken": "sesame)", R"({"accessToken": "sesame\r\nX: y", "expires_on": 1800003600})",
        R"({"accessToken": "", "expires_on": 1800003600})",
        R"({"accessToken": "sesame", "expires_on": 1799999999})",
        R"({"accessToken": "sesame", "expires_on": 18446744073709551615})"}) {
    const auto token = parse(output);
    ASSERT_FALSE(token) << output;
    EXPECT_EQ(token.error().code, ErrorCode::corrupt) << output;
    EXPECT_THAT(token.error().message, Not(HasSubstr("sesame")));
  }
}

/// A script in PATH stands in for `az`.
class AzureCli : public testing::Test {
 protected:
  AzureCli() { ::setenv("PATH", (directory_.path().string() + ":/usr/bin:/bin").c_str(), 1); }
  ~AzureCli() override { ::setenv("PATH", path_.c_str(), 1); }

  void install(const std::string& script) {
    const auto file = directory_.path() / "az";
    std::ofstream(file) << "#!/bin/sh\necho \"$@\" >>" << (directory_.path() / "asked").string() << "\n"
                        << script << "\n";
    ::chmod(file.c_str(), 0755);
  }
  [[nodiscard]] std::string asked() const {
    std::ostringstream text;
    text << std::ifstream(directory_.path() / "asked").rdbuf();
    return text.str();
  }

  const std::string path_ = std::getenv("PATH");
  TemporaryDirectory directory_;
  ManualClock clock_;
  AzureCliSource source_{clock_, {}, "https://storage.azure.com"};
};

TEST_F(AzureCli, IsAskedForTheResource) {
  const auto expires = std::chrono::system_clock::to_time_t(clock_.wall_now() + 1h);
  install("echo '{\"accessToken\": \"t\", \"expires_on\": " + std::to_string(expires) + "}'");

  const auto token = source_.request_token();

  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->value.reveal(), "t");
  EXPECT_EQ(token->expires, clock_.now() + 1h);
  EXPECT_EQ(asked(), "account get-access-token --output json --resource https://storage.azure.com\n");
}

TEST_F(AzureCli, IsAskedForTheTenantThatWasNamed) {
  install("exit 1");
  AzureCliSource source(clock_, {.tenant = "contoso.com"}, "https://storage.azure.com");

  EXPECT_FALSE(source.request_token());

  EXPECT_EQ(
      asked(),
      "account get-access-token --output json --resource https://storage.azure.com --tenant contoso.com\n");
}

TEST_F(AzureCli, ThatIsNotThereIsUnreachable) {
  ::setenv("PATH", directory_.path().c_str(), 1);

  const auto token = source_.request_token();

  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::unreachable);
  EXPECT_EQ(token.error().message, "there is no Azure CLI: no 'az' in PATH");
}

TEST_F(AzureCli, WhereNobodyIsLoggedInSaysSoInItsOwnWords) {
  install(R"(echo 'WARNING: an update is there' >&2; echo "ERROR: Please run 'az login' to setup account." >&2
             echo 'more' >&2; echo sesame; exit 1)");

  const auto token = source_.request_token();

  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(token.error().message, "Azure CLI: Please run 'az login' to setup account.");
}

TEST_F(AzureCli, ItsWordsAreShownOnOneLineOfModerateLength) {
  install(R"(printf 'ERROR: \033[31mred\tand ' >&2; head -c 5000 /dev/zero | tr '\0' x >&2; exit 1)");

  const auto message = source_.request_token().error().message;

  EXPECT_THAT(message, HasSubstr("?[31mred?and xxx"));
  EXPECT_LT(message.size(), 400U);
}

TEST_F(AzureCli, ThatFailsInSilenceIsAnErrorAllTheSame) {
  install("exit 1");

  EXPECT_EQ(source_.request_token().error().message, "Azure CLI: no reason given");
}

TEST_F(AzureCli, ThatPrintsNonsenseIsNotBelieved) {
  install("echo '<html>sesame</html>'");

  const auto token = source_.request_token();

  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::corrupt);
  EXPECT_THAT(token.error().message, AllOf(HasSubstr("Azure CLI"), Not(HasSubstr("sesame"))));
}

TEST_F(AzureCli, IsNotAskedForTheTenantThatItsTokensAreOfAlready) {
  install("echo '{\"accessToken\": \"" + tests::author_token() + "\"}'");
  ASSERT_TRUE(source_.request_token());

  EXPECT_EQ(source_.adapt({.tenant = tests::TokenClaims{}.tenant, .resource = "https://storage.azure.com"}),
            std::nullopt)
      << "az takes no tenant for a managed identity";
}

TEST_F(AzureCli, GoesBackToWhatWasConfiguredWhereTheOtherTenantHasNoTokens) {
  install("case \"$*\" in *--tenant*) exit 1;; *) echo '{\"accessToken\": \"x.y.z\"}';; esac");
  ASSERT_TRUE(source_.adapt({.tenant = "contoso.com"}));
  ASSERT_FALSE(source_.request_token());

  EXPECT_TRUE(source_.request_token());
}

TEST_F(AzureCli, AdaptsToTheTenantThatTheServiceNames) {
  install("exit 1");

  EXPECT_EQ(source_.adapt({.tenant = "contoso.com"}),
            "the service takes tokens of tenant contoso.com: these are asked for from now on");
  EXPECT_EQ(source_.adapt({.tenant = "contoso.com", .resource = "https://storage.azure.com"}), std::nullopt)
      << "it is asked for that already";
  EXPECT_FALSE(source_.request_token());

  EXPECT_THAT(asked(), HasSubstr("--tenant contoso.com"));
}

}  // namespace
}  // namespace blobmount::tests
