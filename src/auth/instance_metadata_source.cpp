#include "auth/instance_metadata_source.hpp"

#include <utility>

namespace blobmount {
namespace {

Url token_url(Url authority) {
  while (authority.path.ends_with('/')) authority.path.pop_back();
  authority.path += "/metadata/identity/oauth2/token";
  return authority;
}

}  // namespace

Url instance_metadata_authority() { return {.scheme = "http", .host = "169.254.169.254", .query = {}}; }

InstanceMetadataSource::InstanceMetadataSource(HttpTransport& transport, Clock& clock,
                                               ManagedIdentity identity, std::string resource, Url authority)
    : ManagedIdentitySource(transport, clock, std::move(identity), std::move(resource)),
      authority_(std::move(authority)) {}

HttpRequest InstanceMetadataSource::token_request() const {
  auto request = get(token_url(authority_), "2018-02-01", selectors);
  request.headers.set("Metadata", "true");
  return request;
}

TokenEndpoint InstanceMetadataSource::endpoint() const {
  auto endpoint = endpoint_of("the identity endpoint", authority_, "this machine");
  endpoint.absent = "is this an Azure VM with a managed identity?";
  return endpoint;
}

}  // namespace blobmount
