#include "auth/managed_identity_source.hpp"

#include <string_view>
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

std::string_view without_slash(std::string_view resource) {
  while (resource.ends_with('/')) resource.remove_suffix(1);
  return resource;
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
    : transport_(transport), clock_(clock), identity_(std::move(identity)), resource_(std::move(resource)) {}

Result<AccessToken> ManagedIdentitySource::request_token() {
  return ask_for_token(transport_, clock_, token_request(), endpoint());
}

std::optional<std::string> ManagedIdentitySource::adapt(const BearerChallenge& challenge) {
  const auto wanted = without_slash(challenge.resource);
  if (wanted.empty() || wanted == without_slash(resource_)) return std::nullopt;
  auto sentence = "the service wants tokens for " + challenge.resource + ", not for " + resource_ +
                  ": such are asked for from now on";
  resource_ = challenge.resource;
  return sentence;
}

HttpRequest ManagedIdentitySource::get(Url url, const char* api_version,
                                       const IdentitySelectors& selectors) const {
  HttpRequest request{.url = std::move(url), .limits = local_endpoint_limits, .direct = true};
  request.url.query.emplace_back("api-version", api_version);
  request.url.query.emplace_back("resource", resource_);
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
