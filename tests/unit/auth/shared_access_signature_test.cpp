#include "auth/shared_access_signature.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::HasSubstr;
using testing::Not;

/// As the documentation shows one of a container.
/// https://learn.microsoft.com/rest/api/storageservices/service-sas-examples
constexpr auto documented =
    "sv=2019-02-02&sr=c&si=YWJjZGVmZw%3D%3D&sig=dD80ihBh5jfNpymO5Hg1IdiJIEvHcJpCMiCMnN%2FRnbI%3D";

Result<SasFields> parse(const std::string& text) { return parse_shared_access_signature(Secret(text)); }

std::string shown(const Result<SasFields>& parsed) {
  if (!parsed) return parsed.error().message;
  std::string text;
  for (const auto& [name, value] : parsed->fields) text += name + "=" + std::string(value.reveal()) + ";";
  return text;
}

WallTime at(int year, unsigned month, unsigned day, int hour = 0) {
  return std::chrono::sys_days{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}} +
         std::chrono::hours{hour};
}

TEST(SharedAccessSignatureFields, AreDecodedAndKeepTheirOrder) {
  EXPECT_EQ(shown(parse(documented)),
            "sv=2019-02-02;sr=c;si=YWJjZGVmZw==;sig=dD80ihBh5jfNpymO5Hg1IdiJIEvHcJpCMiCMnN/RnbI=;");
}

TEST(SharedAccessSignatureFields, AQuestionMarkAndWhiteSpaceAroundThemDoNoHarm) {
  const auto plain = shown(parse(documented));

  EXPECT_EQ(shown(parse("?" + std::string(documented))), plain);
  EXPECT_EQ(shown(parse(" \n?" + std::string(documented) + "&\r\n")), plain);
}

TEST(SharedAccessSignatureFields, ASignatureThatNobodyEncodedStaysWhatItIs) {
  EXPECT_EQ(shown(parse("sv=1&sig=a+b/c==")), "sv=1;sig=a+b/c==;");
}

TEST(SharedAccessSignatureFields, OfADirectoryTellItsDepth) {
  EXPECT_EQ(shown(parse("sv=2020-02-10&sr=d&sdd=2&sp=rl&sig=s")), "sv=2020-02-10;sr=d;sdd=2;sp=rl;sig=s;");
}

TEST(SharedAccessSignatureFields, WhatIsWrongIsSaidAndNoValueShown) {
  for (const auto& [text, reason] : {
           std::pair("sv=1&se=sesame", "no field 'sig'"),
           std::pair("sig=sesame", "no field 'sv'"),
           std::pair("", "no field 'sv'"),
           std::pair("sv=1&sig=sesame&sig=sesame", "'sig' is there twice"),
           std::pair("sv=1&comp=sesame&sig=sesame", "'comp' is no part of a signature"),
           std::pair("sv=1&sig=", "'sig' is empty or damaged"),
           std::pair("sv=1&sig=sesame%2", "'sig' is empty or damaged"),
           std::pair("sv=1&sig=sesame%0d%0aHost:", "'sig' is empty or damaged"),
           std::pair("sv=1&sesame", "no NAME=VALUE"),
           std::pair("sv=1&sig=sesame\nsesame=1", "'sig' is empty or damaged"),
           std::pair("sv=1&Sesame!=1", "no NAME=VALUE"),
           std::pair("https://a.blob.core.windows.net/c?sv=1&sig=sesame", "a whole URL"),
       }) {
    const auto parsed = parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(parsed.error().message, HasSubstr(reason));
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("sesame")));
  }
}

TEST(SharedAccessSignatureFields, ExpireWhenTheySay) {
  for (const auto* const expiry : {"2026-08-01", "2026-08-01T00:00Z", "2026-08-01T00:00:00Z"}) {
    const auto signature = parse("sv=1&se=" + std::string(expiry) + "&sig=s").value();
    EXPECT_EQ(signature.expires, expiry);
    EXPECT_FALSE(is_expired(signature, at(2026, 7, 31, 23))) << expiry;
    EXPECT_TRUE(is_expired(signature, at(2026, 8, 1, 0))) << expiry;
  }
}

TEST(SharedAccessSignatureFields, WhatIsNoTimeIsNotShownAsOne) {
  for (const auto* const expiry : {"tomorrow", "1", "2026-08-01T00:00:00Z2026-08-01T00:00:00Z"}) {
    const auto signature = parse("sv=1&se=" + std::string(expiry) + "&sig=s").value();
    EXPECT_EQ(signature.expires, "");
    EXPECT_FALSE(is_expired(signature, at(2099, 1, 1)));
  }
  EXPECT_FALSE(is_expired(parse(documented).value(), at(2099, 1, 1))) << "its access policy may say";
}

}  // namespace
}  // namespace blobmount
