#pragma once

/// How an identity endpoint is asked for a token, whichever it is: one request, and each way in which that
/// can end said plainly.

#include <cstddef>
#include <string>
#include <vector>

#include "blobmount/clock.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/http.hpp"

namespace blobmount {

/// The endpoint is a hop away: what has not connected by then is not there, and what drips never ends.
constexpr HttpLimits local_endpoint_limits{
    .connect = std::chrono::seconds{2}, .stall = std::chrono::seconds{5}, .total = std::chrono::seconds{10}};
/// Tokens with very many claims have some dozens of KiB.
constexpr std::size_t longest_token_answer = 1U << 20U;

/// What to say of an endpoint.
struct TokenEndpoint {
  std::string name{};      ///< "the identity endpoint at http://169.254.169.254"
  std::string identity{};  ///< whose token is asked for: "managed identity (system-assigned)"
  std::string absent{};    ///< what may be wrong where nobody answers there
  std::string advice{};    ///< what to do where it refuses (400, 401, and 404 for good)
  std::string choice{};    ///< what to do instead where it says that several identities could be meant
  /// 404 is what it answers while it is being updated.
  bool absent_passes = false;
  /// What it is told, or might tell: never shown, though an answer echo it.
  std::vector<Secret> secrets{};
};

/// One try. Blocks. The lifetime counts from before the question, so that a slow answer does not prolong it.
/// `unreachable` where no connection came about; `unauthenticated` where the identity was refused for good;
/// `busy` while the endpoint is being updated.
/// Nothing that may be secret gets into an Error.
Result<AccessToken> ask_for_token(HttpTransport& transport, Clock& clock, HttpRequest request,
                                  const TokenEndpoint& endpoint);

/// The first half of it: the answer, whatever that is. `corrupt` where it is longer than
/// `longest_token_answer`.
Result<HttpResponse> ask_endpoint(HttpTransport& transport, Clock& clock, HttpRequest request,
                                  const TokenEndpoint& endpoint);

/// What becomes of an answer, where it is not a token at once.
Result<AccessToken> token_from(const HttpResponse& response, const TokenEndpoint& endpoint, SteadyTime asked,
                               WallTime wall_asked);

/// "http://169.254.169.254:80", without what may be secret.
std::string address_of(const Url& url);

}  // namespace blobmount
