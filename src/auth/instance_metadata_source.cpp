#include "auth/instance_metadata_source.hpp"

#include <utility>

#include "auth/token_request.hpp"

namespace blobmount {
namespace {

/// How a kind of identity is asked for, and what people call it.
struct Selector {
  const char* parameter;
  const char* words;
};

Selector selector_of(ManagedIdentity::Kind kind) {
  switch (kind) {
    case ManagedIdentity::Kind::system_assigned:
      break;
    case ManagedIdentity::Kind::client_id:
      return {"client_id", "client id "};
    case ManagedIdentity::Kind::object_id:
      return {"object_id", "object id "};
    case ManagedIdentity::Kind::resource_id:
      return {"msi_res_id", "resource id "};
  }
  return {nullptr, "system-assigned"};
}

std::string path_below(const Url& authority) {
  auto path = authority.path;
  while (path.ends_with('/')) path.pop_back();
  return path + "/metadata/identity/oauth2/token";
}

std::string advice(ManagedIdentity::Kind kind) {
  if (kind == ManagedIdentity::Kind::system_assigned) {
    return "assign a managed identity to this machine, or name one that is assigned with --client-id";
  }
  return "check the id, and that this identity is assigned to this machine";
}

}  // namespace

Url instance_metadata_authority() { return {.scheme = "http", .host = "169.254.169.254", .query = {}}; }

InstanceMetadataSource::InstanceMetadataSource(HttpTransport& transport, Clock& clock,
                                               ManagedIdentity identity, Url authority, std::string resource)
    : transport_(transport),
      clock_(clock),
      identity_(std::move(identity)),
      authority_(std::move(authority)),
      resource_(std::move(resource)) {}

Result<AccessToken> InstanceMetadataSource::request_token() {
  const TokenEndpoint endpoint{.name = "the identity endpoint at " + address_of(authority_),
                               .identity = description(),
                               .absent = "is this an Azure VM with a managed identity?",
                               .advice = advice(identity_.kind),
                               .absent_passes = true};
  return ask_for_token(transport_, clock_, token_request(), endpoint);
}

std::string InstanceMetadataSource::description() const {
  return std::string("managed identity (") + selector_of(identity_.kind).words + identity_.id + ")";
}

HttpRequest InstanceMetadataSource::token_request() const {
  HttpRequest request{
      .url = authority_, .headers = {{"Metadata", "true"}}, .limits = local_endpoint_limits, .direct = true};
  request.url.path = path_below(authority_);
  request.url.query = {{"api-version", "2018-02-01"}, {"resource", resource_}};

  const auto* parameter = selector_of(identity_.kind).parameter;
  if (parameter != nullptr) request.url.query.emplace_back(parameter, identity_.id);
  return request;
}

}  // namespace blobmount
