#include "http/request_check.hpp"

#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;

HttpRequest good_request() {
  return {.method = "PUT",
          .url = {.scheme = "https", .host = "[2001:db8::1]", .path = "/c/a%20b'()!"},
          .headers = {{"x-ms-meta-a_b", "x\ty \"q\" Grüße"}, {"x-ms-meta-empty", ""}}};
}

Error refusal_of(const HttpRequest& request) {
  const auto checked = check_request(request);
  EXPECT_FALSE(checked);
  return checked ? Error{} : checked.error();
}

TEST(RequestCheck, TakesWhatMeansOneRequest) {
  const auto checked = check_request(good_request());

  EXPECT_TRUE(checked) << checked.error().message;
}

TEST(RequestCheck, NoValueBecomesAnotherHeader) {
  for (const auto& value : {"a\r\nx-ms-version: 1"s, "a\nb"s, "a\rb"s, "a\0b"s, "a\x7f"s, "\n"s}) {
    auto request = good_request();
    request.headers.set("If-Match", value);
    const auto error = refusal_of(request);
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    EXPECT_THAT(error.message, HasSubstr("If-Match"));
  }
}

TEST(RequestCheck, ASecretIsNotShownForBeingUnusable) {
  auto request = good_request();
  request.headers.set("Authorization", "Bearer sesame\n");

  EXPECT_THAT(refusal_of(request).message, Not(HasSubstr("sesame")));
}

TEST(RequestCheck, NoNameBecomesAnotherHeader) {
  for (const auto& name : {""s, "a b"s, "a:"s, "a;"s, "a\r\nb"s, "a\0b"s, "ä"s, "a\t"s}) {
    auto request = good_request();
    request.headers.add(name, "x");
    EXPECT_EQ(refusal_of(request).code, ErrorCode::invalid_argument) << name;
  }
}

TEST(RequestCheck, NoPathEndsEarly) {
  for (const auto& path : {""s, "c"s, "/a b"s, "/a?b"s, "/a#b"s, "/a\r\nb"s, "/a\0b"s}) {
    auto request = good_request();
    request.url.path = path;
    EXPECT_EQ(refusal_of(request).code, ErrorCode::invalid_argument) << path;
  }
}

TEST(RequestCheck, NoHostEndsEarly) {
  for (const auto& host : {"a/b"s, "a?b"s, "a#b"s, "user@a"s, "a b"s, "a\nb"s, "127.0.0.1\0.example"s}) {
    auto request = good_request();
    request.url.host = host;
    EXPECT_EQ(refusal_of(request).code, ErrorCode::invalid_argument) << host;
  }
}

TEST(RequestCheck, ACertificateIsPinnedByAThumbprintAndOverTls) {
  auto request = good_request();
  request.url.scheme = "https";
  request.pinned_certificate = std::string(20, 'a') + std::string(20, '0');
  EXPECT_TRUE(check_request(request));

  for (const auto& other : {"abc"s, std::string(40, 'g'), std::string(64, 'a')}) {
    request.pinned_certificate = other;
    EXPECT_EQ(refusal_of(request).code, ErrorCode::invalid_argument) << other;
  }
  request.pinned_certificate = std::string(40, 'a');
  request.url.scheme = "http";
  EXPECT_EQ(refusal_of(request).code, ErrorCode::invalid_argument);
}

TEST(RequestCheck, NoMethodEndsEarly) {
  for (const auto& method : {""s, "GET /x"s, "GET\r\n"s}) {
    auto request = good_request();
    request.method = method;
    EXPECT_EQ(refusal_of(request).code, ErrorCode::invalid_argument) << method;
  }
}

}  // namespace
}  // namespace blobmount
