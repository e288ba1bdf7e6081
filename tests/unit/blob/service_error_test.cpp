#include "blob/service_error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

HttpResponse refusal(int status, const std::string& service_code) {
  return {.status = status,
          .headers = {{"x-ms-request-id", "0d1b3c5e-101e-0047-4c2a-9f1b2a000000"},
                      {"x-ms-version", "2021-12-02"},
                      {"x-ms-error-code", service_code}},
          .body = {}};
}

TEST(ServiceError, EachCodeOfTheServiceHasItsMeaning) {
  for (const auto& [status, service_code, code] :
       {std::tuple{404, "BlobNotFound", ErrorCode::not_found},
        std::tuple{404, "ContainerNotFound", ErrorCode::not_found},
        std::tuple{404, "PathNotFound", ErrorCode::not_found},
        std::tuple{409, "ContainerBeingDeleted", ErrorCode::not_found},
        std::tuple{409, "BlobAlreadyExists", ErrorCode::already_exists},
        std::tuple{409, "PathAlreadyExists", ErrorCode::already_exists},
        std::tuple{409, "DirectoryNotEmpty", ErrorCode::not_empty},
        std::tuple{403, "AuthorizationPermissionMismatch", ErrorCode::permission_denied},
        std::tuple{403, "AuthorizationServiceMismatch", ErrorCode::permission_denied},
        std::tuple{403, "AuthorizationResourceTypeMismatch", ErrorCode::permission_denied},
        std::tuple{403, "AuthorizationProtocolMismatch", ErrorCode::permission_denied},
        std::tuple{403, "AuthorizationFailure", ErrorCode::permission_denied},
        std::tuple{403, "InsufficientAccountPermissions", ErrorCode::permission_denied},
        std::tuple{403, "AccountIsDisabled", ErrorCode::permission_denied},
        std::tuple{403, "SomethingNew", ErrorCode::permission_denied},
        std::tuple{403, "AuthenticationFailed", ErrorCode::unauthenticated},
        std::tuple{401, "InvalidAuthenticationInfo", ErrorCode::unauthenticated},
        std::tuple{401, "SomethingNew", ErrorCode::unauthenticated},
        std::tuple{409, "BlobArchived", ErrorCode::not_permitted},
        std::tuple{409, "BlobBeingRehydrated", ErrorCode::not_permitted},
        std::tuple{409, "BlobImmutableDueToPolicy", ErrorCode::not_permitted},
        std::tuple{409, "BlobImmutableDueToLegalHold", ErrorCode::not_permitted},
        std::tuple{412, "LeaseIdMissing", ErrorCode::busy},
        std::tuple{409, "LeaseAlreadyPresent", ErrorCode::busy},
        std::tuple{412, "ConditionNotMet", ErrorCode::changed},
        std::tuple{416, "InvalidRange", ErrorCode::changed},
        std::tuple{400, "InvalidResourceName", ErrorCode::invalid_argument},
        std::tuple{400, "PathIsTooDeep", ErrorCode::name_too_long},
        std::tuple{413, "RequestBodyTooLarge", ErrorCode::too_large},
        std::tuple{409, "BlockCountExceedsLimit", ErrorCode::too_large},
        std::tuple{429, "TooManyRequests", ErrorCode::throttled},
        std::tuple{503, "ServerBusy", ErrorCode::throttled},
        std::tuple{500, "InternalError", ErrorCode::unavailable},
        std::tuple{500, "OperationTimedOut", ErrorCode::unavailable},
        std::tuple{502, "", ErrorCode::unavailable},
        std::tuple{504, "", ErrorCode::unavailable},
        std::tuple{501, "NotImplemented", ErrorCode::unsupported},
        std::tuple{405, "UnsupportedHttpVerb", ErrorCode::unsupported},
        std::tuple{301, "", ErrorCode::corrupt},
        std::tuple{304, "", ErrorCode::corrupt},
        std::tuple{204, "", ErrorCode::corrupt},
        std::tuple{0, "", ErrorCode::corrupt}}) {
    const auto error = service_error(refusal(status, service_code));
    EXPECT_EQ(name_of(error.code), name_of(code)) << status << " " << service_code;
    EXPECT_THAT(error.message,
                HasSubstr(std::to_string(status) + (*service_code != '\0' ? " " : "") + service_code));
    EXPECT_THAT(error.message, HasSubstr("request 0d1b3c5e-101e-0047-4c2a-9f1b2a000000"));
  }
}

TEST(ServiceError, AMissingRoleIsNamed) {
  const auto message = service_error(refusal(403, "AuthorizationPermissionMismatch")).message;

  EXPECT_THAT(message, HasSubstr("Storage Blob Data Reader"));
  EXPECT_THAT(message, HasSubstr("minutes"));
}

TEST(ServiceError, AFirewallIsToldFromAMissingRole) {
  const auto message = service_error(refusal(403, "AuthorizationFailure")).message;

  EXPECT_THAT(message, HasSubstr("firewall or network rule"));
  EXPECT_THAT(message, Not(HasSubstr("Storage Blob Data Reader")));
}

TEST(ServiceError, TheCodeIsFoundInTheBodyToo) {
  const HttpResponse answer{
      .status = 404,
      .headers = {{"x-ms-request-id", "1"}},
      .body =
          "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>ContainerNotFound</Code>"
          "<Message>The specified container does not exist.\nRequestId:1</Message></Error>"};

  const auto error = service_error(answer);

  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_EQ(error.message, "there is no such container (HTTP 404 ContainerNotFound, request 1)");
}

TEST(ServiceError, WhatTheServiceQuotesOfTheRequestIsNotRepeated) {
  auto answer = refusal(403, "AuthenticationFailed");
  answer.body =
      "<Error><Code>AuthenticationFailed</Code><AuthenticationErrorDetail>The MAC signature found in the "
      "HTTP "
      "request 'c2lnbmF0dXJl' is not the same as any computed signature.</AuthenticationErrorDetail></Error>";

  EXPECT_THAT(service_error(answer).message, Not(HasSubstr("c2lnbmF0dXJl")));
}

TEST(ServiceError, AStrangersAnswerIsSaidToBeOne) {
  const HttpHeaders html{{"Content-Type", "text/html"}};
  for (const int status : {200, 302, 307, 404}) {
    const auto error = service_error({.status = status, .headers = html, .body = "<html><h1>Sign in</h1>"});
    EXPECT_EQ(error.code, ErrorCode::corrupt) << status;
    EXPECT_THAT(error.message, HasSubstr("the answer is not from Azure Blob Storage")) << status;
  }
  const auto forbidden = service_error({.status = 403, .headers = html, .body = "<html><h1>Blocked</h1>"});
  EXPECT_EQ(forbidden.code, ErrorCode::permission_denied);
  EXPECT_THAT(forbidden.message, HasSubstr("not from Azure Blob Storage itself"));
  EXPECT_EQ(service_error({.status = 502, .headers = html, .body = {}}).code, ErrorCode::unavailable);
}

TEST(ServiceError, HasAllThatFindsItsRequestAgain) {
  auto answer = refusal(403, "AuthorizationFailure");
  answer.headers.set("x-ms-client-request-id", "3f2a91c0-7d1e-4b6a-9c55-000000000123");

  const auto request = service_error(answer).request;

  ASSERT_TRUE(request);
  EXPECT_EQ(request->status, 403);
  EXPECT_EQ(request->service_code, "AuthorizationFailure");
  EXPECT_EQ(request->id, "0d1b3c5e-101e-0047-4c2a-9f1b2a000000");
  EXPECT_EQ(request->client_id, "3f2a91c0-7d1e-4b6a-9c55-000000000123");
}

TEST(ServiceError, WordsThatAreNoWordsAreLeftOut) {
  auto answer = refusal(404, "Blob\x1b[31mNotFound");
  answer.headers.set("x-ms-request-id", std::string(10'000, 'a'));

  EXPECT_EQ(service_error(answer).message, "there is no such container or blob (HTTP 404)");
}

}  // namespace
}  // namespace blobmount::tests
