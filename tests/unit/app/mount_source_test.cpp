#include "app/mount_source.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::HasSubstr;

struct Written {
  const char* text;
  const char* account;
  const char* endpoint;
  const char* container;
  const char* prefix;
};

void expect_parsed(const Written& expected) {
  const auto source = parse_mount_source(expected.text);
  ASSERT_TRUE(source) << expected.text << ": " << source.error().message;
  EXPECT_EQ(source->account, expected.account) << expected.text;
  EXPECT_EQ(source->endpoint.to_string(), expected.endpoint) << expected.text;
  EXPECT_EQ(source->container, expected.container) << expected.text;
  EXPECT_EQ(source->prefix, expected.prefix) << expected.text;
}

void expect_refused(const std::string& text, const char* reason) {
  const auto source = parse_mount_source(text);
  ASSERT_FALSE(source) << text;
  EXPECT_EQ(source.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(source.error().message, HasSubstr(reason)) << text;
  EXPECT_EQ(source.error().message.find('\n'), std::string::npos);
}

constexpr auto cloud = "https://acc0unt.blob.core.windows.net/";

TEST(MountSources, AreNames) {
  for (const Written& written : {
           Written{"acc0unt", "acc0unt", cloud, "", ""},
           Written{"acc0unt/", "acc0unt", cloud, "", ""},
           Written{"acc0unt/docs", "acc0unt", cloud, "docs", ""},
           Written{"acc0unt/docs/", "acc0unt", cloud, "docs", ""},
           Written{"acc0unt/$web", "acc0unt", cloud, "$web", ""},
           Written{"acc0unt/docs/a", "acc0unt", cloud, "docs", "a/"},
           Written{"acc0unt/docs/a/b c/", "acc0unt", cloud, "docs", "a/b c/"},
           Written{"acc0unt/docs/100%/%41?#", "acc0unt", cloud, "docs", "100%/%41?#/"},
       })
    expect_parsed(written);
}

TEST(MountSources, AreUrls) {
  for (const Written& written : {
           Written{"https://acc0unt.blob.core.windows.net", "acc0unt", cloud, "", ""},
           Written{"https://acc0unt.blob.core.windows.net/", "acc0unt", cloud, "", ""},
           Written{"https://acc0unt.blob.core.windows.net/docs", "acc0unt", cloud, "docs", ""},
           Written{"https://acc0unt.blob.core.windows.net/docs/", "acc0unt", cloud, "docs", ""},
           Written{"https://acc0unt.blob.core.windows.net/docs/a%20b/%C3%A9%23/", "acc0unt", cloud, "docs",
                   "a b/\xC3\xA9#/"},
           Written{"https://acc0unt.blob.core.windows.net/docs/100%25", "acc0unt", cloud, "docs", "100%/"},
           Written{"https://acc0unt.blob.core.chinacloudapi.cn/docs", "acc0unt",
                   "https://acc0unt.blob.core.chinacloudapi.cn/", "docs", ""},
           Written{"https://acc0unt.example:8443/docs", "acc0unt", "https://acc0unt.example:8443/", "docs",
                   ""},
       })
    expect_parsed(written);
}

TEST(MountSources, OfEmulatorsHaveTheAccountInThePath) {
  for (const Written& written : {
           Written{"http://127.0.0.1:10000/dev1", "dev1", "http://127.0.0.1:10000/dev1", "", ""},
           Written{"http://127.0.0.1:10000/dev1/", "dev1", "http://127.0.0.1:10000/dev1", "", ""},
           Written{"http://127.0.0.1:10000/dev1/docs/a", "dev1", "http://127.0.0.1:10000/dev1", "docs", "a/"},
           Written{"http://[::1]:10000/dev1/docs", "dev1", "http://[::1]:10000/dev1", "docs", ""},
           Written{"http://localhost:10000/dev1/docs", "dev1", "http://localhost:10000/dev1", "docs", ""},
           Written{"https://localhost/dev1/docs", "dev1", "https://localhost/dev1", "docs", ""},
           Written{"https://10.1.2.3:10000/dev1/docs", "dev1", "https://10.1.2.3:10000/dev1", "docs", ""},
           Written{"https://[fe80::1]/dev1", "dev1", "https://[fe80::1]/dev1", "", ""},
           Written{"http://127.0.0.1/my%20account", "my account", "http://127.0.0.1/my%20account", "", ""},
       })
    expect_parsed(written);
}

TEST(MountSources, OutsideThisMachineNeedTls) {
  for (const auto* url : {"http://acc0unt.blob.core.windows.net/docs", "http://10.1.2.3:10000/dev1",
                          "http://127.0.0.1.example/dev1", "http://localhost.example/dev1"})
    expect_refused(url, "https://");
}

TEST(MountSources, WithWrongAccountsAreRefused) {
  for (const auto* text :
       {"", "/", "/docs", "ab", "Account", "my-account", "a.b.c", "acc ount", "abcdefghijklmnopqrstuvwxy"})
    expect_refused(text, "is not the name of a storage account");
  for (const auto* url :
       {"http://127.0.0.1:10000", "http://127.0.0.1:10000/", "http://127.0.0.1:10000//docs"})
    expect_refused(url, "the account's name is missing");
}

TEST(MountSources, WithWrongContainersAreRefused) {
  for (const auto* text : {"account/ab", "account/Docs", "account/my_docs", "account/my docs/a",
                           "https://account.blob.core.windows.net/Docs"})
    expect_refused(text, "no container can be called");
  for (const auto* text : {"account//", "account//docs", "https://account.blob.core.windows.net//docs"})
    expect_refused(text, "the name of the container is empty");
}

TEST(MountSources, WithWrongPrefixesAreRefused) {
  for (const auto& text : {std::string("account/docs//a"), std::string("account/docs/a//b"),
                           std::string("account/docs/a//"), std::string("account/docs/./a"),
                           std::string("account/docs/.."), "account/docs/" + std::string(256, 'x'),
                           std::string("https://account.blob.core.windows.net/docs/a%00b"),
                           std::string("https://account.blob.core.windows.net/docs/../a")})
    expect_refused(text, "cannot be a part of a path");
}

TEST(MountSources, WithASignatureAreRefusedWithoutShowingIt) {
  for (const auto* text :
       {"https://account.blob.core.windows.net/docs?sv=2024&sig=sesame", "account/docs?sv=2024&sig=sesame",
        "account?sv=2024&sig=sesame", "account/docs?sv=2024&sig=ses/sesame",
        "account/docs/folder?sv=2024&sig=sesame", "account/docs/a/b?sp=r&sig=ses/sesame",
        "sv=2024&sig=sesame", "AccountName=account;AccountKey=sesame"}) {
    const auto source = parse_mount_source(text);
    ASSERT_FALSE(source) << text;
    EXPECT_NE(source.error().message.find("a SAS does not belong here"), std::string::npos);
    EXPECT_EQ(source.error().message.find("sesame"), std::string::npos) << source.error().message;
  }
}

TEST(MountSources, AreNotUrlsOfAnythingElse) {
  expect_refused("https://account.blob.core.windows.net/docs?sv=2024&sig=abc", "a SAS");
  expect_refused("https://account.blob.core.windows.net/docs/a%2", "hexadecimal");
  expect_refused("ftp://account.blob.core.windows.net/docs", "https://");
  expect_refused("https://user@account.blob.core.windows.net/docs", "user name");
  expect_refused("https://account.blob.core.windows.net/docs#a", "%23");
  expect_refused("https://", "not a usable URL");
}

}  // namespace
}  // namespace blobmount
