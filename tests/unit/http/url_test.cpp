#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "blobmount/http.hpp"

namespace blobmount {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

/// Names that blobs may have, and what they are on the wire.
const std::pair<std::string_view, std::string_view> nasty_names[] = {
    {"", ""},
    {"plain-._~09AZaz", "plain-._~09AZaz"},
    {"two words", "two%20words"},
    {"100%", "100%25"},
    {"%41", "%2541"},
    {"a+b", "a%2Bb"},
    {"a#b?c&d=e", "a%23b%3Fc%26d%3De"},
    {"it's \"so\"", "it%27s%20%22so%22"},
    {"back\\slash", "back%5Cslash"},
    {"Grüße", "Gr%C3%BC%C3%9Fe"},
    {"日本", "%E6%97%A5%E6%9C%AC"},
    {"a:b@c;d,e!$()*[]|", "a%3Ab%40c%3Bd%2Ce%21%24%28%29%2A%5B%5D%7C"},
    {"tab\tline\n\x7f", "tab%09line%0A%7F"},
    {"dot.", "dot."},
    {std::string_view("nul\0", 4), "nul%00"},
    {"\xff\xfe", "%FF%FE"},
};

TEST(PercentEncoding, OnlyTheUnreservedStayWhatTheyAre) {
  for (const auto& [name, wire] : nasty_names) EXPECT_EQ(percent_encode(name, false), wire) << name;
}

TEST(PercentEncoding, ASlashStaysWhereItDivides) {
  EXPECT_EQ(percent_encode("a b/c//d", true), "a%20b/c//d");
  EXPECT_EQ(percent_encode("a b/c//d", false), "a%20b%2Fc%2F%2Fd");
}

TEST(PercentEncoding, DecodingGivesTheNameBack) {
  for (const auto& [name, wire] : nasty_names) EXPECT_EQ(percent_decode(wire), name) << wire;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    EXPECT_EQ(percent_decode(percent_encode(text, false)), text) << byte;
  }
}

TEST(PercentEncoding, DecodingTakesEitherCaseAndLeavesThePlusAlone) {
  EXPECT_EQ(percent_decode("%c3%Bc+x"), "ü+x");
}

TEST(PercentEncoding, ABrokenEscapeIsNoName) {
  for (const auto* text : {"%", "a%", "%4", "%g1", "%1g", "%%41", "%-1", "% 1"}) {
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
  }
}

TEST(Url, IsWrittenWithItsQueryEncoded) {
  const Url url{.scheme = "https",
                .host = "account.blob.core.windows.net",
                .path = "/c/a%20b",
                .query = {{"comp", "list"}, {"prefix", "a b/&c=d+e#f"}, {"marker", ""}}};

  EXPECT_EQ(url.to_string(),
            "https://account.blob.core.windows.net/c/a%20b"
            "?comp=list&prefix=a%20b%2F%26c%3Dd%2Be%23f&marker=");
}

TEST(Url, ShowsAPortThatIsNotTheSchemesOwn) {
  EXPECT_EQ((Url{.scheme = "http", .host = "[::1]", .port = 10000}.to_string()), "http://[::1]:10000/");
}

Url parsed(std::string_view text) {
  auto url = parse_url(text);
  EXPECT_TRUE(url) << text << (url ? "" : ": " + url.error().message);
  return url ? *url : Url{};
}

TEST(ParsingAUrl, FindsItsParts) {
  const auto url = parsed("http://127.0.0.1:10000/devstoreaccount1/c?restype=container&comp=list");

  EXPECT_EQ(url.scheme, "http");
  EXPECT_EQ(url.host, "127.0.0.1");
  EXPECT_EQ(url.port, 10000);
  EXPECT_EQ(url.path, "/devstoreaccount1/c");
  EXPECT_THAT(url.query, ElementsAre(Pair("restype", "container"), Pair("comp", "list")));
}

TEST(ParsingAUrl, WhatIsNotSaidIsTheSchemesOwn) {
  const auto url = parsed("https://account.blob.core.windows.net");

  EXPECT_EQ(url.port, 0);
  EXPECT_EQ(url.path, "/");
  EXPECT_THAT(url.query, IsEmpty());
}

TEST(ParsingAUrl, KnowsTheAddressesOfVersionSix) {
  const auto url = parsed("https://[2001:db8::1]:8443/c");

  EXPECT_EQ(url.host, "[2001:db8::1]");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.to_string(), "https://[2001:db8::1]:8443/c");
}

TEST(ParsingAUrl, ThePathStaysAsItIsWritten) {
  EXPECT_EQ(parsed("https://h/c/a%20b%2Fc%25/./../d.").path, "/c/a%20b%2Fc%25/./../d.");
  EXPECT_EQ(parsed("https://h//c").path, "//c");
  EXPECT_EQ(parsed("https://h/Gr\xc3\xbc\xc3\x9f"
                   "e")
                .path,
            "/Grüße");
}

TEST(ParsingAUrl, TheQueryIsDecoded) {
  const auto url = parsed("https://h/c?sig=a%2Bb%3D%26c+d&flag&empty=&a=b=c");

  EXPECT_THAT(url.query,
              ElementsAre(Pair("sig", "a+b=&c+d"), Pair("flag", ""), Pair("empty", ""), Pair("a", "b=c")));
}

TEST(ParsingAUrl, NothingBetweenTwoAmpersandsIsNoField) {
  EXPECT_THAT(parsed("https://h/c?").query, IsEmpty());
  EXPECT_THAT(parsed("https://h/c?&a=1&&b=2&").query, ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST(ParsingAUrl, SchemesAreKnownInAnyCase) { EXPECT_EQ(parsed("HTTPS://h/").scheme, "https"); }

TEST(ParsingAUrl, GivesBackWhatWasWritten) {
  for (const auto& [name, wire] : nasty_names) {
    const Url url{.scheme = "https",
                  .host = "h",
                  .path = "/" + percent_encode(name, true),
                  .query = {{"prefix", std::string(name)}}};
    const auto again = parsed(url.to_string());
    EXPECT_EQ(again.path, url.path);
    EXPECT_EQ(again.query, url.query);
  }
}

Error refusal_of(std::string_view text) {
  const auto url = parse_url(text);
  EXPECT_FALSE(url) << text;
  return url ? Error{} : url.error();
}

TEST(ParsingAUrl, WhatIsNoUrlIsRefusedByName) {
  for (const std::string text :
       {"", "account", "//host/", "https://", "https://h:port/", "https://h:65536/", "https://h/a b",
        "https://h/\r\nx: y", "https://h o/", "https://[::1/", "https://[::z]/"}) {
    const auto error = refusal_of(text);
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << text;
    EXPECT_THAT(error.message, HasSubstr("'" + text + "' is not a usable URL")) << text;
  }
}

TEST(ParsingAUrl, OtherSchemesAreRefused) {
  for (const auto* text : {"ftp://h/", "file:///etc/passwd", "abfss://c@h/"}) {
    EXPECT_THAT(refusal_of(text).message, HasSubstr("https://")) << text;
  }
}

TEST(ParsingAUrl, UserInformationIsRefusedAndNotRepeated) {
  for (const auto* text :
       {"https://user@h/", "https://user:sesame@h/", "https://:sesame@h/", "https://@h/"}) {
    const auto error = refusal_of(text);
    EXPECT_THAT(error.message, HasSubstr("user name")) << text;
    EXPECT_THAT(error.message, Not(HasSubstr("sesame")));
  }
}

TEST(ParsingAUrl, AFragmentIsAHashThatWasMeantOtherwise) {
  for (const auto* text : {"https://h/c/a#b", "https://h/c#", "https://h/?a#b"}) {
    EXPECT_THAT(refusal_of(text).message, HasSubstr("%23")) << text;
  }
}

TEST(ParsingAUrl, ABrokenEscapeInTheQueryIsRefusedAndNoSignatureShown) {
  const auto error = refusal_of("https://h/c?sv=1&sig=sesame%zz");

  EXPECT_THAT(error.message, HasSubstr("sig"));
  EXPECT_THAT(error.message, Not(HasSubstr("sesame")));
}

TEST(ParsingAUrl, NoSignatureIsShownWhateverIsWrong) {
  EXPECT_THAT(refusal_of("https://h:port/c?sig=sesame").message, Not(HasSubstr("sesame")));
}

TEST(ParsingAUrl, NothingHidesBehindANul) {
  using namespace std::string_view_literals;

  EXPECT_EQ(refusal_of("https://127.0.0.1\0.example/"sv).code, ErrorCode::invalid_argument);
}

TEST(Loopback, IsThisMachineOnly) {
  for (const auto* host : {"127.0.0.1", "127.255.255.254", "localhost", "::1", "[::1]"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const auto* host :
       {"", "128.0.0.1", "126.255.255.255", "169.254.169.254", "0.0.0.0", "127.0.0.1.example", "127.example",
        "127.1", "2130706433", "0x7f.0.0.1", "localhost.example", "notlocalhost", "[::2]",
        "::", "[::ffff:127.0.0.1]", "example.com"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

TEST(Loopback, NothingHidesBehindANul) {
  using namespace std::string_view_literals;

  EXPECT_FALSE(is_loopback("127.0.0.1\0.example"sv));
}

}  // namespace
}  // namespace blobmount
