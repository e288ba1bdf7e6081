#include "auth/bearer_challenge.hpp"

#include <string>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

constexpr auto host = "account.blob.core.windows.net";
constexpr auto tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";

BearerChallenge parse(const std::string& header) { return parse_bearer_challenge(header, host); }

/// With that authorization_uri; with that resource_id.
std::string tenant_of(const std::string& uri) { return parse("Bearer authorization_uri=" + uri).tenant; }
std::string resource_of(const std::string& id) { return parse("Bearer resource_id=" + id).resource; }

TEST(BearerChallenge, TheDocumentedOneNamesTenantAndResource) {
  const auto challenge =
      parse("Bearer authorization_uri=https://login.microsoftonline.com/" + std::string(tenant) +
            "/oauth2/authorize resource_id=https://storage.azure.com");

  EXPECT_EQ(challenge, (BearerChallenge{tenant, "https://storage.azure.com"}));
}

TEST(BearerChallenge, QuotesCommasCaseAndOrderDoNotMatter) {
  const BearerChallenge expected{tenant, "https://storage.azure.com"};
  const auto uri = "https://login.microsoftonline.com/" + std::string(tenant) + "/oauth2/authorize";

  EXPECT_EQ(parse("bearer resource_id=\"https://storage.azure.com/\", authorization_uri=\"" + uri + "\""),
            expected);
  EXPECT_EQ(parse("BEARER  Authorization_URI=" + uri + ",Resource_Id=https://Storage.Azure.com"), expected);
  EXPECT_EQ(parse("Basic realm=\"a, b\", Bearer authorization_uri=" + uri +
                  " resource_id=https://storage.azure.com"),
            expected);
}

TEST(BearerChallenge, WhatIsNotSaidIsEmpty) {
  for (const auto* const header :
       {"", "Bearer", "Basic", "Bearer error=invalid_token", "resource_id=https://storage.azure.com",
        "Basic resource_id=https://storage.azure.com",
        "Bearer realm=x, Basic resource_id=https://storage.azure.com"}) {
    EXPECT_EQ(parse(header), BearerChallenge{}) << header;
  }
}

TEST(BearerChallenge, ATenantIsAnIdOrADomain) {
  EXPECT_EQ(tenant_of("https://login.microsoftonline.com/" + std::string(tenant)), tenant);
  EXPECT_EQ(tenant_of("https://login.chinacloudapi.cn/contoso.onmicrosoft.com/oauth2/authorize"),
            "contoso.onmicrosoft.com");

  for (const auto* const uri : {
           "https://login.microsoftonline.com/",
           "https://login.microsoftonline.com/common/oauth2/authorize",
           "https://login.microsoftonline.com/..%2f../oauth2",
           "https://login.microsoftonline.com/../oauth2",
           "https://login.microsoftonline.com/-x.y/oauth2",
           "https://login.microsoftonline.com/a?b.c/oauth2",
           "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db4/oauth2",
           "http://login.microsoftonline.com/contoso.com/oauth2",
           "file:///contoso.com",
           "contoso.com",
       }) {
    EXPECT_EQ(tenant_of(uri), "") << uri;
  }
  EXPECT_EQ(tenant_of("https://login.microsoftonline.com/" + std::string(300, 'a') + ".com/"), "");
}

TEST(BearerChallenge, AResourceIsStorageOrTheHostThatWasAsked) {
  EXPECT_EQ(resource_of("https://storage.azure.com"), "https://storage.azure.com");
  EXPECT_EQ(resource_of("https://storage.azure.com/"), "https://storage.azure.com");
  EXPECT_EQ(resource_of("https://" + std::string(host)), "https://" + std::string(host));

  for (const auto* const id : {
           "https://management.azure.com",
           "https://vault.azure.net",
           "https://graph.microsoft.com",
           "https://storage.azure.com.evil.example",
           "https://evil.example/storage.azure.com",
           "https://storage.azure.com@evil.example",
           "https://storage.azure.com:444",
           "https://storage.azure.com/x",
           "https://storage.azure.com/?x=1",
           "https://other.blob.core.windows.net",
           "http://storage.azure.com",
           "storage.azure.com",
           "",
       }) {
    EXPECT_EQ(resource_of(id), "") << id;
  }
}

TEST(BearerChallenge, OfHostileLengthOrShapeSaysNothing) {
  for (const auto& header :
       {"Bearer " + std::string(100'000, 'a'), "Bearer " + std::string(4000, ','), std::string(4000, '"'),
        "Bearer resource_id=\"https://storage.azure.com" + std::string(3000, ' '), std::string("Bearer ==="),
        std::string("Bearer resource_id=https://storage.azure.com\0x", 46),
        std::string("Bearer resource_id=https://storage.azure.com\r\nX-Evil:")}) {
    EXPECT_EQ(parse(header), BearerChallenge{});
  }
}

}  // namespace
}  // namespace blobmount
