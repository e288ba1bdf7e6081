#include "auth/token_request.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "auth/entra_advice.hpp"
#include "auth/token_response.hpp"
#include "http/retry_policy.hpp"

namespace blobmount {
namespace {

/// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
ErrorCode code_of(int status, const Refusal& refusal, const TokenEndpoint& endpoint) {
  if (status == 429) return ErrorCode::throttled;
  // an error of OAuth (RFC 6749, 4.1.2.1), which Microsoft Entra sends with 400 as well
  if (status >= 400 && refusal.error == "temporarily_unavailable") return ErrorCode::unavailable;
  // it is being updated, for up to 70 s
  if (status == 410 || (status == 404 && endpoint.absent_passes)) return ErrorCode::busy;
  if (status == 408 || status >= 500) return ErrorCode::unavailable;
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
bool is_ambiguous(const Refusal& refusal) {
  return refusal.description.find("Multiple user assigned identities") != std::string::npos;
}

/// A numbered reason knows better what to do than the endpoint in general.
std::string advice_on(const Refusal& refusal, const TokenEndpoint& endpoint) {
  if (const auto advice = entra_advice(refusal.description); !advice.empty()) return std::string(advice);
  return is_ambiguous(refusal) && !endpoint.choice.empty() ? endpoint.choice : endpoint.advice;
}

void replace_all(std::string& text, std::string_view what) {
  static constexpr std::string_view instead = "(secret)";
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + instead.size()))
    text.replace(at, what.size(), instead);
}

/// An endpoint, or a proxy in front of it, may echo what it was sent, as it stood in a form or header.
std::string without_secrets(std::string body, const std::vector<Secret>& secrets) {
  for (const auto& secret : secrets) {
    if (secret.empty()) continue;
    replace_all(body, secret.reveal());
    replace_all(body, percent_encode(secret.reveal(), false));
  }
  return body;
}

Error refused(const HttpResponse& response, const TokenEndpoint& endpoint) {
  const auto refusal = parse_refusal(without_secrets(response.body, endpoint.secrets));
  const auto code = code_of(response.status, refusal, endpoint);
  const auto answer =
      endpoint.name + " answers " + std::to_string(response.status) + " to " + endpoint.identity;
  if (response.status >= 300 && response.status < 400)
    return {code,
            answer + ": it points elsewhere, where a token is not asked for; is it a proxy that answers?"};
  if (code == ErrorCode::corrupt) return {code, answer + ", which is no answer it could give"};

  const bool advisable = response.status == 400 || response.status == 401 || response.status == 404;
  const auto advice =
      advisable && code == ErrorCode::unauthenticated ? advice_on(refusal, endpoint) : std::string();
  return {.code = code,
          .message = answer + ": " + reason_of(refusal) + (advice.empty() ? "" : "; " + advice),
          .retry_after = retry_after(response)};
}

}  // namespace

Result<AccessToken> ask_for_token(HttpTransport& transport, Clock& clock, HttpRequest request,
                                  const TokenEndpoint& endpoint) {
  const auto asked = clock.now();
  const auto wall_asked = clock.wall_now();
  BM_ASSIGN(response, ask_endpoint(transport, clock, std::move(request), endpoint));
  auto token = token_from(response, endpoint, asked, wall_asked);
  const Secret wiped{std::move(response.body)};
  return token;
}

Result<HttpResponse> ask_endpoint(HttpTransport& transport, Clock& clock, HttpRequest request,
                                  const TokenEndpoint& endpoint) {
  const auto asked = clock.now();
  const auto stall = request.limits.stall;
  request.operation = "token";
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
  if (response.body.size() > longest_token_answer) {
    return Error{ErrorCode::corrupt, "the answer of " + endpoint.name + " is longer than any it could give"};
  }
  if (response.status != 200) return refused(response, endpoint);
  auto token = parse_token(response.body, asked, wall_asked);
  if (!token) return std::move(token).error().within(endpoint.name);
  return token;
}

std::string address_of(const Url& url) {
  return url.scheme + "://" + url.host + (url.port == 0 ? "" : ":" + std::to_string(url.port));
}

}  // namespace blobmount
