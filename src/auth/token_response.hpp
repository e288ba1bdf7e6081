#pragma once

/// What an identity endpoint answers, as values: a token, or the sentence that says why there is none.
/// Neither the token nor a body that may hold one ever gets into an Error.

#include <chrono>
#include <string>
#include <string_view>

#include "blobmount/clock.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// The token in the body of a successful answer, its lifetime counted from `now`; `wall_now` is the same
/// moment. `corrupt`, with what is wrong, where the body is no token that could be used.
/// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
Result<AccessToken> parse_token(std::string_view body, SteadyTime now, WallTime wall_now);

/// What the body of a refusal says, each on one line of moderate length, without the numbers by which the
/// service finds its own traces. Empty: it does not say. Service Fabric puts code and message into an object
/// `error`, App Service has `statusCode` and `message`.
/// https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code#error-handling
struct Refusal {
  std::string error{};
  std::string description{};
};
Refusal parse_refusal(std::string_view body);

/// A token that came in whatever words, with `lifetime` to live from `now`: `corrupt` where it cannot be
/// used.
Result<AccessToken> checked_token(Secret value, std::chrono::seconds lifetime, SteadyTime now);

/// "Identity not found (invalid_request)"; "no reason given" where it does not say.
std::string reason_of(const Refusal& refusal);

/// What an answer says of itself besides the token: the text of its member `name`, to be compared and not to
/// be shown. Empty where there is none.
std::string answer_member(std::string_view body, const char* name);

}  // namespace blobmount
