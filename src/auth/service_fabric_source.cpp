#include "auth/service_fabric_source.hpp"

#include <utility>

namespace blobmount {

ServiceFabricSource::ServiceFabricSource(HttpTransport& transport, Clock& clock, std::string resource,
                                         Url url, Secret header, std::string thumbprint)
    : ManagedIdentitySource(transport, clock, {}, std::move(resource)),
      url_(std::move(url)),
      header_(std::move(header)),
      thumbprint_(std::move(thumbprint)) {}

std::string ServiceFabricSource::description() const {
  return "managed identity (of the Service Fabric application)";
}

HttpRequest ServiceFabricSource::token_request() const {
  auto request = get(url_, "2019-07-01-preview", selectors);
  request.headers.set("Secret", std::string(header_.reveal()));
  request.pinned_certificate = thumbprint_;
  return request;
}

TokenEndpoint ServiceFabricSource::endpoint() const {
  auto endpoint = endpoint_of("Service Fabric's identity endpoint", url_, "");
  endpoint.absent = "IDENTITY_ENDPOINT says that it is there";
  endpoint.advice = "does the application's manifest assign an identity to this service?";
  endpoint.absent_passes = false;  // ManagedIdentityNotFound
  endpoint.secrets = {header_};
  return endpoint;
}

}  // namespace blobmount
