/// Applications over the wire, to an authority that looks at everything.

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "auth/application_source.hpp"
#include "auth/certificate_proof.hpp"
#include "auth/secret_proof.hpp"
#include "base/system_clock.hpp"
#include "fakes/entra_authority.hpp"
#include "fakes/http_server.hpp"
#include "http/curl_transport.hpp"
#include "support/application_certificate.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using tests::ApplicationCertificate;
using tests::EntraAuthority;
using tests::TemporaryDirectory;

const std::string good_body = R"({"access_token":"eyJ0.abc.def","expires_in":3599,"token_type":"Bearer"})";
const std::string secret = "se+cret~&=";

void write(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

void expect_says(const Error& error, const std::string& words) {
  EXPECT_NE(error.message.find(words), std::string::npos) << error.message;
}

class ApplicationAtEntra : public testing::Test {
 protected:
  ApplicationAtEntra() { cloud_.authority = authority_.url(); }

  ApplicationSource source(std::unique_ptr<ClientProof> proof) {
    return {network_, clock_, identity_, cloud_, std::move(proof)};
  }
  std::unique_ptr<ClientProof> certificate_in(const std::filesystem::path& file,
                                              const std::string& password) {
    auto proof = CertificateProof::create({identity_, file, Secret(password)}, clock_);
    EXPECT_TRUE(proof) << proof.error().message;
    return proof ? *std::move(proof) : nullptr;
  }

  EntraAuthority authority_;
  const Application identity_{authority_.tenant(), tests::FakeApplication{}.client_id};
  Cloud cloud_;
  SystemClock clock_;
  CurlTransport network_{1, ""};
  const TemporaryDirectory directory_;
};

TEST_F(ApplicationAtEntra, ASecretIsTakenAndAnotherIsNot) {
  authority_.add({.secret = secret});

  EXPECT_TRUE(source(std::make_unique<SecretProof>(Secret(secret))).request_token());
  const auto refused = source(std::make_unique<SecretProof>(Secret("guess"))).request_token();

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unauthenticated);
  expect_says(refused.error(), "AADSTS7000215: Invalid client secret provided.");
}

TEST_F(ApplicationAtEntra, ASecretDoesNotFollowARedirect) {
  tests::HttpServer elsewhere([](const auto&, tests::Reply& reply) { reply.send(200, {}, good_body); });
  const auto target = elsewhere.url().to_string();
  for (const int status : {301, 302, 307, 308}) {
    tests::HttpServer hostile([&target, status](const auto&, tests::Reply& reply) {
      reply.send(status, {{"Location", target}}, "");
    });
    cloud_.authority = hostile.url();

    const auto refused = source(std::make_unique<SecretProof>(Secret(secret))).request_token();

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  }
  EXPECT_EQ(elsewhere.connections(), 0U);
}

TEST_F(ApplicationAtEntra, ACertificateIsTakenAndReadAgainWhenItIsReplaced) {
  const ApplicationCertificate first, second;
  const auto file = directory_.path() / "certificate";
  write(file, first.pkcs12("open"));
  authority_.add({.certificate = first.pem()});
  auto tokens = source(certificate_in(file, "open"));
  ASSERT_TRUE(tokens.request_token());

  authority_.add({.certificate = second.pem()});
  const auto refused = tokens.request_token();
  write(file, "half of a fi");
  const auto unreadable = tokens.request_token();
  write(file, second.pem_with_key("open"));
  const auto taken = tokens.request_token();

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unauthenticated);
  expect_says(refused.error(), "AADSTS700027");
  ASSERT_FALSE(unreadable);
  EXPECT_EQ(unreadable.error().code, ErrorCode::unavailable) << "it is being written";
  EXPECT_TRUE(taken) << taken.error().message;
}

TEST_F(ApplicationAtEntra, ACertificateOfNoUseIsAnErrorAtOnce) {
  const auto file = directory_.path() / "certificate";
  write(file, ApplicationCertificate().pkcs12("open"));

  const auto closed = CertificateProof::create({identity_, file, Secret("sesame")}, clock_);
  const auto missing = CertificateProof::create({identity_, directory_.path() / "none", {}}, clock_);

  for (const auto* const proof : {&closed, &missing}) {
    ASSERT_FALSE(*proof);
    EXPECT_EQ(proof->error().code, ErrorCode::invalid_argument);
  }
  expect_says(closed.error(), "cannot use '" + file.string() + "': its password is another one");
}

}  // namespace
}  // namespace blobmount
