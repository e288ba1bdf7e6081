#include "auth/shared_key.hpp"

#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/shared_key_transport.hpp"
#include "blob/http_date.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "fakes/scripted_transport.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

/// Azurite's, known to everybody.
constexpr auto well_known_key =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

Secret binary_key() { return decode_shared_key(Secret(well_known_key)).value(); }

HttpRequest request_to(std::string method, std::string_view url) {
  return {.method = std::move(method), .url = parse_url(url).value()};
}

/// The example of https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
HttpRequest documented_request() {
  auto request = request_to(
      "GET",
      "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20");
  request.headers = {{"x-ms-version", "2015-02-21"}, {"x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"}};
  return request;
}

TEST(SharedKey, TheStringToSignIsTheDocumentedOne) {
  EXPECT_EQ(string_to_sign(documented_request(), "myaccount"),
            "GET\n\n\n\n\n\n\n\n\n\n\n\n"
            "x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
            "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20");
}

TEST(SharedKey, TheDocumentedExampleHasTheSignatureThatOpensslComputes) {
  // printf 'GET\n...' | openssl dgst -sha256 -mac HMAC -macopt hexkey:KEY -binary | base64
  EXPECT_EQ(sign(string_to_sign(documented_request(), "myaccount"), binary_key()),
            "1u9lui2jDxj0+fpbHjQ5m5NnastJRSYM+PSmfi8TXx4=");
}

TEST(SharedKey, TheSignatureIsTheHmacOfRfc4231) {
  EXPECT_EQ(sign("what do ya want for nothing?", Secret("Jefe")),
            "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
}

TEST(SharedKey, RangeAndConditionHavePlacesOfTheirOwn) {
  auto request = request_to("GET", "https://a.blob.core.windows.net/c/b");
  request.headers = {{"If-Match", "\"0x8D\""}};
  request.range = ByteRange{100, 50};

  EXPECT_EQ(string_to_sign(request, "a"), "GET\n\n\n\n\n\n\n\n\"0x8D\"\n\n\nbytes=100-149\n/a/c/b");
}

TEST(SharedKey, BodyAndTypeAreSignedAndALengthOfZeroIsLeftOut) {
  auto request = request_to("PUT", "https://a.blob.core.windows.net/c/b");
  request.headers = {{"Content-Type", "text/plain"}, {"x-ms-blob-type", "BlockBlob"}};

  EXPECT_EQ(string_to_sign(request, "a"),
            "PUT\n\n\n\n\ntext/plain\n\n\n\n\n\n\nx-ms-blob-type:BlockBlob\n/a/c/b");
  request.body = "hello";
  EXPECT_EQ(string_to_sign(request, "a"),
            "PUT\n\n\n5\n\ntext/plain\n\n\n\n\n\n\nx-ms-blob-type:BlockBlob\n/a/c/b");
}

TEST(SharedKey, HeadersAreLowerCaseTrimmedAndInOrder) {
  auto request = request_to("GET", "https://a.blob.core.windows.net/");
  request.headers = {{"X-Ms-Version", " 2021-12-02 "}, {"User-Agent", "blobmount"}, {"x-ms-date", "today"}};

  EXPECT_THAT(string_to_sign(request, "a"),
              testing::EndsWith("\nx-ms-date:today\nx-ms-version:2021-12-02\n/a/"));
}

TEST(SharedKey, AnEmulatorsAccountStandsTwiceInTheResource) {
  const auto request = request_to("GET", "http://127.0.0.1:10000/devstoreaccount1/c/a%20b");

  EXPECT_THAT(string_to_sign(request, "devstoreaccount1"),
              testing::EndsWith("\n/devstoreaccount1/devstoreaccount1/c/a%20b"));
}

TEST(SharedKey, QueryValuesAreSignedDecodedAndInOrder) {
  auto request = request_to("GET", "https://a.blob.core.windows.net/c");
  request.url.query = {{"prefix", "a b&c=d/\xc3\xa9"}, {"Comp", "list"}, {"tag", "z"}, {"tag", "a"}};

  EXPECT_THAT(string_to_sign(request, "a"),
              testing::EndsWith("\n/a/c\ncomp:list\nprefix:a b&c=d/\xc3\xa9\ntag:a,z"));
}

TEST(SharedKey, AKeyIsBase64WithOrWithoutALineEnd) {
  for (const auto* text : {"SmVmZQ==", "SmVmZQ==\n", " SmVmZQ== "}) {
    const auto key = decode_shared_key(Secret(text));
    ASSERT_TRUE(key) << text;
    EXPECT_EQ(key->reveal(), "Jefe");
  }
}

TEST(SharedKey, WhatIsNotBase64IsRefusedAndNotShown) {
  for (const auto* text :
       {"", " ", "=", "====", "SmVmZQ", "SmVmZQ=", "SmVmZQ===", "Sm=mZQ==", "Sm!mZQ==", "%"}) {
    const auto key = decode_shared_key(Secret(text));
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(key.error().message, "the shared key is not base64: copy it whole, as the portal shows it");
  }
}

class SharedKeyTransportTest : public testing::Test {
 protected:
  SharedKeyTransport signer(const SharedKey& key = {Secret(well_known_key)}) {
    return {network_, clock_, "myaccount", CurrentKey::create(key, clock_, log_).value()};
  }
  void write_key(const char* base64) const { std::ofstream(file_) << base64 << "\n"; }
  /// Whether the latest request was signed with that key.
  [[nodiscard]] bool signed_with(const char* base64) const {
    const auto sent = network_.requests().back();
    const auto key = decode_shared_key(Secret(base64)).value();
    return sent.headers.get("Authorization") ==
           "SharedKey myaccount:" + sign(string_to_sign(sent, "myaccount"), key);
  }

  ManualClock clock_;
  RecordingLog log_;
  const TemporaryDirectory directory_;
  const std::string file_ = directory_.path() / "key";
  ScriptedTransport network_{
      [](const HttpRequest&) { return HttpResponse{.status = 200, .headers = {}, .body = {}}; }};
};

TEST_F(SharedKeyTransportTest, ARequestIsDatedAndSigned) {
  auto request = documented_request();
  request.headers = {{"x-ms-version", "2015-02-21"}};

  auto transport = signer();
  EXPECT_TRUE(answer_of(transport, std::move(request)));

  const auto sent = network_.requests().at(0);
  EXPECT_EQ(parse_http_date(sent.headers.get("x-ms-date").value()), clock_.wall_now());
  EXPECT_TRUE(signed_with(well_known_key));
}

TEST_F(SharedKeyTransportTest, AnotherTryHasADateAndSignatureOfItsOwn) {
  auto transport = signer();
  EXPECT_TRUE(answer_of(transport, documented_request()));
  clock_.advance(std::chrono::minutes{1});
  EXPECT_TRUE(answer_of(transport, network_.requests().at(0)));

  const auto first = network_.requests().at(0).headers;
  const auto second = network_.requests().at(1).headers;
  EXPECT_NE(first.get("x-ms-date"), second.get("x-ms-date"));
  EXPECT_NE(first.get("Authorization"), second.get("Authorization"));
}

TEST_F(SharedKeyTransportTest, ASignatureDoesNotTravelInTheClearToAnotherMachine) {
  auto transport = signer();
  const auto refused = answer_of(transport, request_to("GET", "http://a.blob.core.windows.net/c"));
  const auto local = answer_of(transport, request_to("GET", "http://127.0.0.1:10000/devstoreaccount1/c"));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(local);
  EXPECT_EQ(network_.requests().size(), 1U);
}

TEST_F(SharedKeyTransportTest, ANewKeyInTheFileSignsWithinASecond) {
  write_key(well_known_key);
  auto transport = signer({.file = file_});
  EXPECT_TRUE(answer_of(transport, documented_request()));
  EXPECT_TRUE(signed_with(well_known_key));

  write_key("SmVmZQ==");
  clock_.advance(std::chrono::seconds{1});
  EXPECT_TRUE(answer_of(transport, documented_request()));

  EXPECT_TRUE(signed_with("SmVmZQ=="));
  EXPECT_THAT(log_.lines(), testing::ElementsAre("info the account key was replaced"));
}

TEST_F(SharedKeyTransportTest, WhatIsNoKeyInTheFileIsToldOnceAndTheLastOneUsedOn) {
  write_key(well_known_key);
  auto transport = signer({.file = file_});

  write_key("sesame!");
  for (int i = 0; i < 3; ++i) {
    clock_.advance(std::chrono::seconds{1});
    EXPECT_TRUE(answer_of(transport, documented_request()));
    EXPECT_TRUE(signed_with(well_known_key));
  }

  EXPECT_THAT(log_.lines(), testing::ElementsAre(testing::HasSubstr("the last one is used on")));
  EXPECT_THAT(log_.lines().front(), testing::Not(testing::HasSubstr("sesame")));
}

TEST_F(SharedKeyTransportTest, TheFileMayHoldAConnectionString) {
  const auto string_with = [](const std::string& key) {
    return "DefaultEndpointsProtocol=https;AccountName=myaccount;AccountKey=" + key;
  };
  write_key(string_with(well_known_key).c_str());
  auto transport = signer({.file = file_, .account = "myaccount"});
  EXPECT_TRUE(answer_of(transport, documented_request()));
  EXPECT_TRUE(signed_with(well_known_key));

  write_key(string_with("SmVmZQ==").c_str());
  clock_.advance(std::chrono::seconds{1});
  EXPECT_TRUE(answer_of(transport, documented_request()));

  EXPECT_TRUE(signed_with("SmVmZQ=="));
}

TEST_F(SharedKeyTransportTest, AConnectionStringThatIsOfNoUseIsLeftAside) {
  write_key((std::string("AccountName=myaccount;AccountKey=") + well_known_key).c_str());
  auto transport = signer({.file = file_, .account = "myaccount"});

  for (const auto* useless : {"AccountName=myaccount;SharedAccessSignature=sv=1&sig=sesame",
                              "AccountName=another;AccountKey=SmVmZQ==", "SmVmZQ=="}) {
    write_key(useless);
    clock_.advance(std::chrono::seconds{1});
    EXPECT_TRUE(answer_of(transport, documented_request()));
    EXPECT_TRUE(signed_with(well_known_key)) << useless;
  }

  EXPECT_THAT(log_.lines(), testing::ElementsAre(testing::HasSubstr("has no AccountKey any more"),
                                                 testing::HasSubstr("it is of the account 'another'"),
                                                 testing::HasSubstr("the connection string is not usable")));
}

TEST_F(SharedKeyTransportTest, AKeyThatIsNotBase64MakesNoSigner) {
  const auto made = CurrentKey::create({Secret("not a key!")}, clock_, log_);

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(made.error().message, testing::Not(testing::HasSubstr("not a key!")));
}

}  // namespace
}  // namespace blobmount::tests
