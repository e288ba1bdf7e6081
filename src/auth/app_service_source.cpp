#include "auth/app_service_source.hpp"

#include <utility>

namespace blobmount {

AppServiceSource::AppServiceSource(HttpTransport& transport, Clock& clock, ManagedIdentity identity,
                                   std::string resource, Url url, Secret header)
    : ManagedIdentitySource(transport, clock, std::move(identity), std::move(resource)),
      url_(std::move(url)),
      header_(std::move(header)) {}

HttpRequest AppServiceSource::token_request() const {
  auto request = get(url_, "2019-08-01", selectors);
  request.headers.set("X-IDENTITY-HEADER", std::string(header_.reveal()));
  // Azure Automation has the same variables, and wants this:
  // https://learn.microsoft.com/azure/automation/enable-managed-identity-for-automation
  request.headers.set("Metadata", "true");
  return request;
}

TokenEndpoint AppServiceSource::endpoint() const {
  auto endpoint = endpoint_of("App Service's identity endpoint", url_, "this app");
  endpoint.absent = "IDENTITY_ENDPOINT says that it is there";
  endpoint.secrets = {header_};
  return endpoint;
}

}  // namespace blobmount
