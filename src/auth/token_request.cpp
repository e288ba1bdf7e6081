#include "auth/token_request.hpp"

#include <algorithm>
#include <utility>

#include "auth/token_response.hpp"

namespace blobmount {
namespace {

/// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
ErrorCode code_of(int status, const TokenEndpoint& endpoint) {
  if (status == 429) return ErrorCode::throttled;
  if (status == 404 && endpoint.absent_passes) return ErrorCode::unavailable;
  // 410: it is being updated, for up to 70 s
  if (status == 408 || status == 410 || status >= 500) return ErrorCode::unavailable;
  return status >= 400 ? ErrorCode::unauthenticated : ErrorCode::corrupt;
}

Error no_answer(Error error, bool connected, const TokenEndpoint& endpoint) {
  if (connected) return std::move(error).within("ask " + endpoint.name + " for a token");
  return {ErrorCode::unreachable, "no answer from " + endpoint.name +
                                      (endpoint.absent.empty() ? "" : ": " + endpoint.absent) + " (" +
                                      error.message + ")"};
}

/// IMDS: "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity
/// in the token request". https://github.com/Azure/azure-sdk-for-rust/pull/748
bool is_ambiguous(const std::string& reason) {
  return reason.find("Multiple user assigned identities") != std::string::npos;
}

Error refusal(const HttpResponse& response, const TokenEndpoint& endpoint) {
  const auto code = code_of(response.status, endpoint);
  const auto answer =
      endpoint.name + " answers " + std::to_string(response.status) + " to " + endpoint.identity;
  if (response.status >= 300 && response.status < 400)
    return {code,
            answer + ": it points elsewhere, where a token is not asked for; is it a proxy that answers?"};
  if (code == ErrorCode::corrupt) return {code, answer + ", which is no answer it could give"};

  const auto reason = refusal_reason(response.body);
  const auto& advice = is_ambiguous(reason) && !endpoint.choice.empty() ? endpoint.choice : endpoint.advice;
  const bool advised = (response.status == 400 || response.status == 401 || response.status == 404) &&
                       code == ErrorCode::unauthenticated && !advice.empty();
  return {code, answer + ": " + reason + (advised ? "; " + advice : "")};
}

}  // namespace

Result<AccessToken> ask_for_token(HttpTransport& transport, Clock& clock, HttpRequest request,
                                  const TokenEndpoint& endpoint) {
  const auto asked = clock.now();
  const auto wall_asked = clock.wall_now();
  BM_ASSIGN(response, ask_endpoint(transport, clock, std::move(request), endpoint));
  return token_from(response, endpoint, asked, wall_asked);
}

Result<HttpResponse> ask_endpoint(HttpTransport& transport, Clock& clock, HttpRequest request,
                                  const TokenEndpoint& endpoint) {
  const auto asked = clock.now();
  const auto stall = request.limits.stall;
  request.longest_body = std::min(request.longest_body, longest_token_answer);
  auto response = send_and_wait(transport, std::move(request));
  if (response) return response;

  // a stall takes at least its limit: what timed out sooner never connected
  const auto code = response.error().code;
  const bool connected =
      code != ErrorCode::unreachable && (code != ErrorCode::timed_out || clock.now() - asked >= stall);
  return no_answer(std::move(response).error(), connected, endpoint);
}

Result<AccessToken> token_from(const HttpResponse& response, const TokenEndpoint& endpoint, SteadyTime asked,
                               WallTime wall_asked) {
  if (response.status != 200) return refusal(response, endpoint);
  const Secret body{response.body};
  auto token = parse_token(body.reveal(), asked, wall_asked);
  if (!token) return std::move(token).error().within(endpoint.name);
  return token;
}

std::string address_of(const Url& url) {
  return url.scheme + "://" + url.host + (url.port == 0 ? "" : ":" + std::to_string(url.port));
}

}  // namespace blobmount
