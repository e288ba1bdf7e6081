#include "auth/connection_string.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::HasSubstr;
using testing::Not;

Result<ConnectionString> parse(const std::string& text) { return parse_connection_string(Secret(text)); }

void expect_refused(const std::string& text, const char* words) {
  const auto parsed = parse(text);
  ASSERT_FALSE(parsed) << text;
  EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(parsed.error().message, HasSubstr(words));
  EXPECT_THAT(parsed.error().message, Not(HasSubstr("sesame")));
}

TEST(ConnectionString, AsThePortalShowsItNamesAccountKeyAndEndpoint) {
  const auto parsed = parse(
      "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a2V5==;EndpointSuffix=core.windows.net");

  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->account, "acc");
  EXPECT_EQ(parsed->endpoint.to_string(), "https://acc.blob.core.windows.net/");
  EXPECT_EQ(std::get<SharedKey>(parsed->credential).key.reveal(), "a2V5==");
}

TEST(ConnectionString, WithASasNamesTheAccountByItsEndpoint) {
  const auto parsed =
      parse("BlobEndpoint=https://acc.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=a%3D");

  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->account, "acc");
  EXPECT_EQ(std::get<SharedAccessSignature>(parsed->credential).token.reveal(), "sv=1&sig=a%3D");
}

TEST(ConnectionString, OfAnEmulatorHasItsAccountInThePath) {
  const auto local = parse("BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;AccountKey=a2V5");
  const auto short_form = parse("UseDevelopmentStorage=true");

  ASSERT_TRUE(local);
  EXPECT_EQ(local->account, "devstoreaccount1");
  EXPECT_EQ(local->endpoint.path, "/devstoreaccount1");
  ASSERT_TRUE(short_form);
  EXPECT_EQ(short_form->endpoint.port, 10000);
}

TEST(ConnectionString, WithoutACredentialIsAnonymous) {
  const auto parsed = parse("AccountName=acc");

  ASSERT_TRUE(parsed);
  EXPECT_TRUE(std::holds_alternative<Anonymous>(parsed->credential));
}

TEST(ConnectionString, NamesComeInAnyCaseAndOrder) {
  const auto parsed = parse("accountkey=a2V5;;ACCOUNTNAME=acc;");

  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->account, "acc");
}

TEST(ConnectionString, ThatIsDamagedSaysWhereAndShowsNothing) {
  expect_refused("sesame", "NAME=VALUE");
  expect_refused("=sesame", "NAME=VALUE");
  expect_refused("AccountKey=sesame", "AccountName and BlobEndpoint are both missing");
  expect_refused("AccountName=acc;AccountKey=sesame;DefaultEndpointsProtocol=ftp",
                 "DefaultEndpointsProtocol");
  expect_refused("AccountName=acc;AccountKey=sesame;DefaultEndpointsProtocol=http", "use https");
  expect_refused("BlobEndpoint=http://acc.blob.core.windows.net;AccountKey=sesame", "use https");
  expect_refused("BlobEndpoint=acc.blob.core.windows.net;AccountKey=sesame", "BlobEndpoint");
  expect_refused("BlobEndpoint=https://acc.blob.core.windows.net/?sig=sesame", "BlobEndpoint");
}

}  // namespace
}  // namespace blobmount
