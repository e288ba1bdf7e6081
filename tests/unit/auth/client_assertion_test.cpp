#include "auth/client_assertion.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fakes/assertion_check.hpp"
#include "fakes/jwt.hpp"
#include "support/application_certificate.hpp"

namespace blobmount {
namespace {

using nlohmann::json;
using tests::ApplicationCertificate;

/// With the times of the documentation's example.
/// https://learn.microsoft.com/entra/identity-platform/certificate-credentials#example-of-a-decoded-jwt-assertion
const AssertionClaims documented{
    .audience = "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2/v2.0/token",
    .client_id = "00001111-aaaa-2222-bbbb-3333cccc4444",
    .id = "22b3bb26-e046-42df-9c96-65dbd72c1c81",
    .issued = WallTime{std::chrono::seconds{1484592741}}};

SigningCertificate loaded(const std::string& content) {
  auto certificate = SigningCertificate::parse(Secret(content), {}, std::chrono::system_clock::now());
  if (!certificate) throw std::runtime_error(certificate.error().message);
  return *std::move(certificate);
}

tests::Jwt assertion_by(const std::string& file) {
  const auto assertion = client_assertion(documented, loaded(file));
  EXPECT_TRUE(assertion);
  auto jwt = tests::parse_jwt(assertion->reveal());
  EXPECT_TRUE(jwt);
  return *std::move(jwt);
}

/// Of one certificate in PEM: what stands between its lines, on one.
std::string der_in(std::string pem) {
  pem = pem.substr(pem.find('\n') + 1);
  pem.resize(pem.find("-----END"));
  std::erase(pem, '\n');
  return pem;
}

TEST(ClientAssertion, SaysWhatTheDocumentationWants) {
  const ApplicationCertificate certificate;

  const auto jwt = assertion_by(certificate.pem_with_key());

  EXPECT_EQ(jwt.header, (json{{"alg", "PS256"},
                              {"typ", "JWT"},
                              {"x5t#S256", tests::thumbprint_of(certificate.pem())},
                              {"x5c", json::array({der_in(certificate.pem())})}}));
  EXPECT_EQ(jwt.payload, json::parse(R"({
      "aud": "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2/v2.0/token",
      "exp": 1484593341,
      "iat": 1484592741,
      "iss": "00001111-aaaa-2222-bbbb-3333cccc4444",
      "jti": "22b3bb26-e046-42df-9c96-65dbd72c1c81",
      "nbf": 1484592741,
      "sub": "00001111-aaaa-2222-bbbb-3333cccc4444"})"));
}

TEST(ClientAssertion, IsSignedByTheKeyAndByNoOther) {
  const ApplicationCertificate certificate, other;

  const auto jwt = assertion_by(certificate.pem_with_key());

  EXPECT_TRUE(tests::is_signed_by(jwt, certificate.pem()));
  EXPECT_FALSE(tests::is_signed_by(jwt, other.pem()));
  auto changed = jwt;
  changed.signed_text.back() ^= 1;
  EXPECT_FALSE(tests::is_signed_by(changed, certificate.pem()));
}

TEST(ClientAssertion, ShowsTheIssuersInOrder) {
  const ApplicationCertificate root({.subject = "root"});
  const ApplicationCertificate middle({.subject = "middle", .issuer = &root});
  const ApplicationCertificate leaf({.subject = "leaf", .issuer = &middle});
  const ApplicationCertificate stranger({.subject = "stranger"});
  const auto file = root.pem() + stranger.pem() + leaf.pem_with_key() + middle.pem();

  const auto jwt = assertion_by(file);

  EXPECT_EQ(jwt.header["x5c"], json::array({der_in(leaf.pem()), der_in(middle.pem()), der_in(root.pem())}));
  EXPECT_EQ(jwt.header["x5t#S256"], tests::thumbprint_of(leaf.pem()));
}

TEST(ClientAssertion, NamesThatAreNoTextAreReplaced) {
  auto claims = documented;
  claims.client_id = "\xff";

  const auto assertion = client_assertion(claims, loaded(ApplicationCertificate().pem_with_key()));

  ASSERT_TRUE(assertion);
  EXPECT_EQ(tests::parse_jwt(assertion->reveal())->payload["iss"], "\xEF\xBF\xBD");
}

TEST(RandomUuid, IsAnotherEachTimeAndOfVersionFour) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(*random_uuid());

  EXPECT_EQ(seen.size(), 100U);
  for (const auto& uuid : seen) {
    EXPECT_EQ(uuid.size(), 36U);
    EXPECT_EQ(uuid[14], '4') << uuid;
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << uuid;
  }
}

}  // namespace
}  // namespace blobmount
