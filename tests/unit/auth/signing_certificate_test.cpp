#include "auth/signing_certificate.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "auth/base64.hpp"
#include "fakes/assertion_check.hpp"
#include "support/application_certificate.hpp"

namespace blobmount {
namespace {

using tests::ApplicationCertificate;

Result<SigningCertificate> parse(const std::string& content, const std::string& password = {}) {
  return SigningCertificate::parse(Secret(content), Secret(password), std::chrono::system_clock::now());
}

void expect_refused(const Result<SigningCertificate>& certificate, const std::string& words) {
  ASSERT_FALSE(certificate);
  EXPECT_EQ(certificate.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(certificate.error().message.find(words), std::string::npos) << certificate.error().message;
}

TEST(SigningCertificate, IsFoundInPemWhateverTheOrder) {
  const ApplicationCertificate made;

  for (const auto& content : {made.pem() + made.key_pem(), made.key_pem() + made.pem(),
                              "Bag Attributes\n" + made.key_pem("open") + "subject=...\n" + made.pem()}) {
    const auto certificate = parse(content, "open");

    ASSERT_TRUE(certificate) << certificate.error().message;
    EXPECT_EQ(base64url(certificate->thumbprint()), tests::thumbprint_of(made.pem()));
  }
}

TEST(SigningCertificate, IsFoundInPkcs12WithItsIssuer) {
  const ApplicationCertificate root({.subject = "root"});
  const ApplicationCertificate made({.subject = "leaf", .issuer = &root});

  for (const std::string password : {"open", ""}) {
    const auto certificate = parse(made.pkcs12(password), password);

    ASSERT_TRUE(certificate) << certificate.error().message;
    EXPECT_EQ(base64url(certificate->thumbprint()), tests::thumbprint_of(made.pem()));
    EXPECT_EQ(certificate->chain().size(), 2U);
  }
}

TEST(SigningCertificate, AWrongPasswordIsSaidAndNotShown) {
  const ApplicationCertificate made;

  for (const auto& content : {made.pkcs12("open"), made.pem_with_key("open")}) {
    expect_refused(parse(content, "sesame"), "its password is another one");
    expect_refused(parse(content), "no password was given: use --client-certificate-password-file");
  }
}

TEST(SigningCertificate, WhatIsMissingIsSaid) {
  const ApplicationCertificate made;

  expect_refused(parse(made.pem()), "no private key in it");
  expect_refused(parse(made.key_pem()), "no certificate in it");
  expect_refused(parse("hello"), "neither PEM nor PKCS#12");
  expect_refused(parse("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "no private key");
}

TEST(SigningCertificate, AKeyOfAnotherCertificateIsRefused) {
  const ApplicationCertificate made, other;

  expect_refused(parse(made.pem() + other.key_pem()), "does not fit");
}

TEST(SigningCertificate, OneThatIsOverOrNotYetIsRefused) {
  const ApplicationCertificate expired({.valid_from_day = -10, .valid_to_day = -2});
  const ApplicationCertificate early({.valid_from_day = 2});

  expect_refused(parse(expired.pem_with_key()), "the certificate has expired on 20");
  expect_refused(parse(early.pem_with_key()), "not valid before 20");
}

TEST(SigningCertificate, OnlyRsaIsTakenByEntra) {
  const ApplicationCertificate elliptic({.rsa = false});

  expect_refused(parse(elliptic.pem_with_key()), "not an RSA key");
}

TEST(Base64, IsThatOfTheStandard) {
  const std::string words[][2] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
  for (const auto& [bytes, text] : words) EXPECT_EQ(base64(bytes), text);
  EXPECT_EQ(base64("\xfb\xff"), "+/8=");
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
}

}  // namespace
}  // namespace blobmount
