#include "auth/token_claims.hpp"

#include <string>

#include <gtest/gtest.h>

#include "fakes/access_token.hpp"

namespace blobmount {
namespace {

TEST(TokenClaims, SayWhoseTokenItIs) {
  tests::TokenClaims token;
  token.client_id = "app-1";
  token.object_id = "object-1";

  const auto claims = claims_of(Secret(tests::make_token(token)));

  EXPECT_EQ(claims.tenant, tests::TokenClaims{}.tenant);
  EXPECT_EQ(claims.application, "app-1");
  EXPECT_EQ(claims.object, "object-1");
  EXPECT_EQ(claims.audience, "https://storage.azure.com");
}

TEST(TokenClaims, OfWhatIsNoTokenAreEmpty) {
  for (const auto* text : {"", "opaque", "a.b.c", "..", "e30", "x.!!!.y", "x.W10.y", "x.eyJ0aWQiOjF9.y"}) {
    const auto claims = claims_of(Secret(text));
    EXPECT_EQ(claims.tenant + claims.application + claims.object + claims.audience, "") << text;
  }
}

TEST(TokenClaims, CanBeShownWhateverTheyHold) {
  // {"tid":"a\nb\u001b[31m"}
  const auto claims = claims_of(Secret("x.eyJ0aWQiOiJhXG5iXHUwMDFiWzMxbSJ9.y"));

  EXPECT_EQ(claims.tenant, "a?b?[31m");
}

}  // namespace
}  // namespace blobmount
