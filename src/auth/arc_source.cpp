#include "auth/arc_source.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/token_response.hpp"
#include "base/text.hpp"

namespace blobmount {
namespace {

using Kind = ManagedIdentity::Kind;

/// Of "Basic realm=/var/opt/azcmagent/tokens/x.key", the path.
std::optional<std::string_view> realm_of(const HttpResponse& response) {
  static constexpr std::string_view beginning = "basic realm=";
  auto challenge = response.headers.get("WWW-Authenticate");
  if (!challenge || !same_but_for_case(challenge->substr(0, beginning.size()), beginning))
    return std::nullopt;
  challenge->remove_prefix(beginning.size());
  if (challenge->size() >= 2 && challenge->front() == '"' && challenge->back() == '"')
    challenge = challenge->substr(1, challenge->size() - 2);
  return challenge;
}

/// The members of an answer that say which identity it is for.
std::vector<const char*> echoes_of(Kind kind) {
  switch (kind) {
    case Kind::system_assigned:
      break;
    case Kind::client_id:
      return {"client_id"};
    case Kind::object_id:
      return {"object_id"};
    case Kind::resource_id:
      return {"msi_res_id", "mi_res_id"};
  }
  return {};
}

}  // namespace

Url arc_agent_url() {
  return {.scheme = "http", .host = "127.0.0.1", .port = 40342, .path = "/metadata/identity/oauth2/token"};
}

ArcSource::ArcSource(HttpTransport& transport, Clock& clock, ManagedIdentity identity, std::string resource,
                     Url url, std::string token_directory)
    : ManagedIdentitySource(transport, clock, std::move(identity), std::move(resource)),
      url_(std::move(url)),
      token_directory_(std::move(token_directory)) {}

Result<AccessToken> ArcSource::ask() {
  auto agent = endpoint();
  const auto asked = clock_.now();
  const auto wall_asked = clock_.wall_now();
  BM_ASSIGN(question, ask_endpoint(transport_, clock_, token_request(), agent));
  if (question.status == 200)
    return Error{ErrorCode::corrupt, agent.name + " gives a token without asking for a key: it is no agent"};
  if (question.status != 401) return token_from(question, agent, asked, wall_asked);
  const auto path = realm_of(question);
  if (!path) return Error{ErrorCode::corrupt, agent.name + " names no key file: it is no agent"};

  auto key = read_arc_key(token_directory_, *path);
  if (!key) return std::move(key).error().within(agent.name);
  auto request = token_request();
  request.headers.set("Authorization", "Basic " + std::string(key->reveal()));
  agent.secrets.push_back(*key);
  BM_ASSIGN(answer, ask_endpoint(transport_, clock_, std::move(request), agent));
  auto token = token_from(answer, agent, asked, wall_asked);
  const auto confirmed = confirm_identity(answer);
  const Secret wiped{std::move(answer.body)};
  if (token && !confirmed) return confirmed.error();
  return token;
}

HttpRequest ArcSource::token_request() const {
  auto request = get(url_, "2020-06-01", selectors);
  request.headers.set("Metadata", "true");
  return request;
}

TokenEndpoint ArcSource::endpoint() const {
  auto endpoint = endpoint_of("Azure Arc's agent", url_, "this server");
  endpoint.absent = "is the agent (himds) running?";
  endpoint.absent_passes = false;  // this identity is not assigned
  return endpoint;
}

/// Old agents take no notice of an identity that is asked for, and give a token of the
/// system-assigned one. https://github.com/AzureAD/microsoft-authentication-library-for-go/pull/644
Status ArcSource::confirm_identity(const HttpResponse& answer) const {
  const auto echoes = echoes_of(identity_.kind);
  const bool confirmed = echoes.empty() || std::ranges::any_of(echoes, [&](const char* name) {
                           return same_but_for_case(answer_member(answer.body, name), identity_.id);
                         });
  if (confirmed) return {};
  return Error{
      ErrorCode::unauthenticated,
      "Azure Arc's agent does not confirm that its token is for " + description() +
          ": old agents give one for the system-assigned identity, whatever is asked for; update the "
          "agent, or name no identity"};
}

}  // namespace blobmount
