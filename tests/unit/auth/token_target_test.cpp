#include "auth/token_target.hpp"

#include <string>

#include <gtest/gtest.h>

#include "fakes/access_token.hpp"

namespace blobmount {
namespace {

constexpr auto storage = "https://storage.azure.com";

Result<AccessToken> token_of(const std::string& tenant) {
  tests::TokenClaims claims;
  claims.tenant = tenant;
  return AccessToken{.value = Secret(tests::make_token(claims)), .issued = {}, .expires = {}};
}
Result<AccessToken> failure(ErrorCode code) { return Error{code, "no"}; }

TEST(TokenTarget, FollowsTheServiceToAnotherTenantAndResource) {
  TokenTarget target("tenant-1", storage);

  const auto told = target.adapt({.tenant = "tenant-2", .resource = "https://a.example"});

  EXPECT_EQ(told,
            "the service takes tokens of tenant tenant-2, not tenant-1 and for https://a.example, not "
            "https://storage.azure.com: these are asked for from now on");
  EXPECT_EQ(target.tenant(), "tenant-2");
  EXPECT_EQ(target.resource(), "https://a.example");
}

TEST(TokenTarget, KnowsATenantByWhatItsTokensSay) {
  TokenTarget target("", storage);
  target.learn(token_of("ABC-1"));

  EXPECT_EQ(target.adapt({.tenant = "abc-1", .resource = std::string(storage) + "/"}), std::nullopt);
  EXPECT_EQ(target.tenant(), "");
  EXPECT_TRUE(target.adapt({.tenant = "abc-2"}));
}

TEST(TokenTarget, GoesBackToWhatWasConfiguredWhereTheOthersCannotBeHad) {
  TokenTarget target("tenant-1", storage);
  ASSERT_TRUE(target.adapt({.tenant = "tenant-2", .resource = "https://a.example"}));

  target.learn(failure(ErrorCode::unauthenticated));

  EXPECT_EQ(target.tenant(), "tenant-1");
  EXPECT_EQ(target.resource(), storage);
}

TEST(TokenTarget, StaysWithTheOthersThroughAnOutageAndOnceOneHasCome) {
  TokenTarget target("tenant-1", storage);
  ASSERT_TRUE(target.adapt({.tenant = "tenant-2"}));

  target.learn(failure(ErrorCode::unavailable));
  EXPECT_EQ(target.tenant(), "tenant-2");

  target.learn(token_of("tenant-2"));
  target.learn(failure(ErrorCode::unauthenticated));
  EXPECT_EQ(target.tenant(), "tenant-2");
}

}  // namespace
}  // namespace blobmount
