#include "fakes/service_error.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace blobmount::tests {
namespace {

std::string next_request_id() {
  static std::atomic<unsigned> count{0};
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x-001e-0000-00fa-6c3fee000000", ++count);
  return text.data();
}

const std::string sign_in =
    "Bearer "
    "authorization_uri=https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/"
    "authorize "
    "resource_id=https://storage.azure.com";

}  // namespace

ServiceError ServiceError::container_not_found() {
  return {.status = 404, .code = "ContainerNotFound", .message = "The specified container does not exist."};
}

ServiceError ServiceError::blob_not_found() {
  return {.status = 404, .code = "BlobNotFound", .message = "The specified blob does not exist."};
}

ServiceError ServiceError::condition_not_met() {
  return {.status = 412,
          .code = "ConditionNotMet",
          .message = "The condition specified using HTTP conditional header(s) is not met."};
}

ServiceError ServiceError::invalid_range() {
  return {.status = 416,
          .code = "InvalidRange",
          .message = "The range specified is invalid for the current size of the resource."};
}

ServiceError ServiceError::archived() {
  return {.status = 409,
          .code = "BlobArchived",
          .message = "This operation is not permitted on an archived blob."};
}

ServiceError ServiceError::invalid_query(const std::string& parameter) {
  return {.status = 400,
          .code = "InvalidQueryParameterValue",
          .message =
              "Value for one of the query parameters specified in the request URI is invalid: " + parameter};
}

ServiceError ServiceError::unsupported_verb() {
  return {.status = 405,
          .code = "UnsupportedHttpVerb",
          .message = "The resource doesn't support specified Http Verb."};
}

ServiceError ServiceError::no_authentication() {
  return {.status = 401,
          .code = "NoAuthenticationInformation",
          .message =
              "Server failed to authenticate the request. Please refer to the information in the "
              "www-authenticate header.",
          .headers = {{"WWW-Authenticate", sign_in}}};
}

ServiceError ServiceError::token_refused(const std::string& detail) {
  return {.status = 401,
          .code = "InvalidAuthenticationInfo",
          .message =
              "Server failed to authenticate the request. Please refer to the information in the "
              "www-authenticate header.",
          .detail = detail,
          .headers = {{"WWW-Authenticate", sign_in}}};
}

ServiceError ServiceError::permission_mismatch() {
  return {.status = 403,
          .code = "AuthorizationPermissionMismatch",
          .message = "This request is not authorized to perform this operation using this permission."};
}

ServiceError ServiceError::firewall() {
  return {.status = 403,
          .code = "AuthorizationFailure",
          .message = "This request is not authorized to perform this operation."};
}

HttpHeaders common_headers() {
  return {{"Server", "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0"},
          {"x-ms-request-id", next_request_id()},
          {"x-ms-version", "2023-11-03"},
          {"Date", http_date(std::chrono::system_clock::now())}};
}

bool send_error(Reply& reply, const ServiceError& error) {
  auto headers = common_headers();
  const std::string id(headers.get("x-ms-request-id").value_or(""));
  headers.add("x-ms-error-code", error.code);
  for (const auto& [name, value] : error.headers) headers.add(name, value);
  if (reply.head_only()) return reply.send(error.status, headers);

  headers.add("Content-Type", "application/xml");
  auto body = "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>" + error.code +
              "</Code><Message>" + error.message + "\nRequestId:" + id +
              "\nTime:" + http_date(std::chrono::system_clock::now()) + "</Message>";
  if (!error.detail.empty()) {
    body += "<AuthenticationErrorDetail>" + error.detail + "</AuthenticationErrorDetail>";
  }
  return reply.send(error.status, headers, body + "</Error>");
}

std::string http_date(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), length};
}

}  // namespace blobmount::tests
