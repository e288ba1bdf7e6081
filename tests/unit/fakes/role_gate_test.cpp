#include "fakes/role_gate.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/access_token.hpp"
#include "support/azurite.hpp"
#include "support/blob_author.hpp"
#include "support/http_client.hpp"

namespace blobmount::tests {
namespace {

/// Azurite with one blob, and the gate before it.
class RoleGateTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!Azurite::installed()) GTEST_SKIP() << "needs Azurite: run packaging/test.sh";
    azurite_.emplace();
    gate_.emplace(azurite_->endpoint(), azurite_->ca_file());
    author_.emplace(gate_->endpoint(), "");
    author_->create_container("box");
    author_->put("box", "a b/text.txt", "hello");
  }

  HttpResponse ask(const std::string& method, const std::string& path, std::vector<std::string> headers = {},
                   const std::string& token = author_token()) {
    headers.push_back("x-ms-version: 2023-11-03");
    headers.push_back("Authorization: Bearer " + token);
    const auto url =
        "http://127.0.0.1:" + std::to_string(gate_->endpoint().port) + gate_->endpoint().path + path;
    return HttpClient().send({.method = method, .url = url, .headers = headers});
  }

  std::optional<Azurite> azurite_;
  std::optional<RoleGate> gate_;
  std::optional<BlobAuthor> author_;
};

TEST_F(RoleGateTest, HandsOnWhatItIsAsked) {
  EXPECT_EQ(ask("GET", "/box/a%20b/text.txt").body, "hello");

  const auto range = ask("GET", "/box/a%20b/text.txt", {"Range: bytes=1-3"});
  EXPECT_EQ(range.status, 206);
  EXPECT_EQ(range.body, "ell");
  EXPECT_EQ(range.headers.get("Content-Range"), "bytes 1-3/5");

  const auto head = ask("HEAD", "/box/a%20b/text.txt");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.get("Content-Length"), "5");

  const auto list = ask("GET", "/box?restype=container&comp=list&prefix=a%20b%2F");
  EXPECT_NE(list.body.find("<Name>a b/text.txt</Name>"), std::string::npos) << list.body;
  EXPECT_EQ(ask("GET", "/box/missing").headers.get("x-ms-error-code"), "BlobNotFound");
}

TEST_F(RoleGateTest, CarriesLargeBodiesBothWays) {
  const std::string content(5'000'000, 'x');
  author_->put("box", "large", content);

  EXPECT_EQ(ask("GET", "/box/large").body, content);
}

TEST_F(RoleGateTest, WithoutARoleATokenIsRefused) {
  gate_->access().set_role_assigned(false);
  const auto refused = ask("GET", "/box/a%20b/text.txt");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.headers.get("x-ms-error-code"), "AuthorizationPermissionMismatch");

  gate_->access().set_role_assigned(true);
  EXPECT_EQ(ask("GET", "/box/a%20b/text.txt").status, 200);
}

TEST_F(RoleGateTest, AFirewallRefusesEverybody) {
  gate_->access().set_firewall(true);
  EXPECT_EQ(ask("HEAD", "/box?restype=container").headers.get("x-ms-error-code"), "AuthorizationFailure");
}

TEST_F(RoleGateTest, ADeadTokenIsUnauthorized) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto dead = make_token({.client_id = "c",
                                .object_id = "o",
                                .not_before = now - std::chrono::hours{2},
                                .expires = now - std::chrono::seconds{2}});

  const auto refused = ask("GET", "/box/a%20b/text.txt", {}, dead);

  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.headers.get("x-ms-error-code"), "InvalidAuthenticationInfo");
  EXPECT_TRUE(refused.headers.get("WWW-Authenticate"));
}

}  // namespace
}  // namespace blobmount::tests
