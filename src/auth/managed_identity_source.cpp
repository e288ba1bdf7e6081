#include "auth/managed_identity_source.hpp"

#include <utility>

namespace blobmount {
namespace {

using Kind = ManagedIdentity::Kind;

const char* words_for(Kind kind) {
  switch (kind) {
    case Kind::system_assigned:
      break;
    case Kind::client_id:
      return "client id ";
    case Kind::object_id:
      return "object id ";
    case Kind::resource_id:
      return "resource id ";
  }
  return "system-assigned";
}

}  // namespace

const char* IdentitySelectors::parameter(Kind kind) const {
  switch (kind) {
    case Kind::system_assigned:
      break;
    case Kind::client_id:
      return client_id;
    case Kind::object_id:
      return object_id;
    case Kind::resource_id:
      return resource_id;
  }
  return nullptr;
}

std::string describe(const ManagedIdentity& identity) {
  return std::string("managed identity (") + words_for(identity.kind) + identity.id + ")";
}

ManagedIdentitySource::ManagedIdentitySource(HttpTransport& transport, Clock& clock, ManagedIdentity identity,
                                             std::string resource)
    : transport_(transport),
      clock_(clock),
      identity_(std::move(identity)),
      target_("", std::move(resource)) {}

Result<AccessToken> ManagedIdentitySource::request_token() {
  auto token = ask();
  target_.learn(token);
  return token;
}

Result<AccessToken> ManagedIdentitySource::ask() {
  return ask_for_token(transport_, clock_, token_request(), endpoint());
}

std::optional<std::string> ManagedIdentitySource::adapt(const BearerChallenge& challenge) {
  return target_.adapt({.resource = challenge.resource});
}

HttpRequest ManagedIdentitySource::get(Url url, const char* api_version,
                                       const IdentitySelectors& selectors) const {
  HttpRequest request{.url = std::move(url), .limits = local_endpoint_limits, .direct = true};
  request.url.query.emplace_back("api-version", api_version);
  request.url.query.emplace_back("resource", resource());
  const auto* const parameter = selectors.parameter(identity_.kind);
  if (parameter != nullptr) request.url.query.emplace_back(parameter, identity_.id);
  return request;
}

TokenEndpoint ManagedIdentitySource::endpoint_of(const std::string& name, const Url& url,
                                                 const std::string& place) const {
  const bool named = identity_.kind != Kind::system_assigned;
  return {
      .name = name + " at " + address_of(url),
      .identity = description(),
      .advice =
          named ? "check the id, and that this identity is assigned to " + place
                : "assign a managed identity to " + place + ", or name one that is assigned with --client-id",
      .choice = "name one of them with --client-id, --object-id or --resource-id",
      // https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#retry-guidance
      .absent_passes = true};
}

}  // namespace blobmount
