#include "http/curl_error.hpp"

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace blobmount {
namespace {

std::string authority_of(const Url& url) {
  return url.host + ":" + std::to_string(url.port != 0 ? url.port : url.scheme == "https" ? 443 : 80);
}

std::string shown(Duration duration) {
  const auto ms = duration.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

int system_error_of(CURL* handle) {
  long number = 0;
  curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &number);
  return static_cast<int>(number);
}

Error unreachable(CURL* handle, const Url& url) {
  const int number = system_error_of(handle);
  if (number == ECONNREFUSED) {
    return {ErrorCode::unreachable,
            "connection refused by " + authority_of(url) + ": is the address right, and the service up?"};
  }
  const auto reason = number != 0 ? std::generic_category().message(number) : "no connection";
  return {ErrorCode::unreachable, "cannot connect to " + authority_of(url) + ": " + reason};
}

Error lost(const Url& url, const std::string& sentence) {
  return {ErrorCode::unavailable, "connection to " + authority_of(url) + " lost: " + sentence};
}

/// The one limit that is left to curl.
Error not_connected(const HttpRequest& request) {
  return {ErrorCode::timed_out, "no connection to " + authority_of(request.url) + " within " +
                                    shown(request.limits.connect) + ": does a firewall drop it?"};
}

/// The peer broke the rules of TLS, or has none; a handshake that the network cut short says nothing about
/// trust. Only OpenSSL's words tell them apart: CURLINFO_OS_ERRNO may be that of another address, or of the
/// handle's last transfer.
bool against_tls(std::string_view detail) {
  return detail.find("SSL routines") != std::string_view::npos &&
         detail.find("unexpected eof") == std::string_view::npos;
}

Error untrusted(const HttpRequest& request, std::string_view detail) {
  const auto& pinned = request.pinned_certificate;
  return {ErrorCode::untrusted,
          "TLS to " + authority_of(request.url) + " failed: " + std::string(detail) +
              (pinned.empty() ? " (a private certificate authority is named with --ca-file)"
                              : " (only the certificate with the thumbprint " + pinned + " is trusted)")};
}

}  // namespace

Error error_of_curl(CURL* handle, CURLcode code, const HttpRequest& request, std::string_view detail) {
  const auto& url = request.url;
  const auto sentence = detail.empty() ? std::string(curl_easy_strerror(code)) : std::string(detail);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorCode::unreachable,
              "no such host '" + url.host + "': check the account's name and the DNS"};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {ErrorCode::unreachable, "no such proxy: check https_proxy and http_proxy (" + sentence + ")"};
    case CURLE_COULDNT_CONNECT:
      return unreachable(handle, url);
    case CURLE_OPERATION_TIMEDOUT:
      return not_connected(request);
    case CURLE_SSL_CONNECT_ERROR:
      if (!against_tls(sentence)) return lost(url, sentence);
      return untrusted(request, sentence);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return untrusted(request, sentence);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
      return {ErrorCode::corrupt, authority_of(url) + " does not speak HTTP as expected: " + sentence};
    case CURLE_URL_MALFORMAT:
      return {ErrorCode::invalid_argument,
              "no request can be sent to '" + authority_of(url) + "': " + sentence};
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
      return {ErrorCode::internal, "curl: " + sentence};
    default:
      return lost(url, sentence);
  }
}

Error too_silent(const HttpRequest& request) {
  return {ErrorCode::timed_out,
          "no byte from " + authority_of(request.url) + " for " + shown(request.limits.stall)};
}

Error too_long(const HttpRequest& request) {
  return {ErrorCode::timed_out,
          "no complete answer from " + authority_of(request.url) + " within " + shown(request.limits.total)};
}

}  // namespace blobmount
