#include "auth/cloud_shell_source.hpp"

#include <utility>

namespace blobmount {

CloudShellSource::CloudShellSource(HttpTransport& transport, Clock& clock, std::string resource, Url url)
    : ManagedIdentitySource(transport, clock, {}, std::move(resource)), url_(std::move(url)) {}

HttpRequest CloudShellSource::token_request() const {
  return {.method = "POST",
          .url = url_,
          .headers = {{"Metadata", "true"}, {"Content-Type", "application/x-www-form-urlencoded"}},
          .body = "resource=" + percent_encode(resource(), false),
          .limits = local_endpoint_limits,
          .direct = true};
}

TokenEndpoint CloudShellSource::endpoint() const {
  auto endpoint = endpoint_of("Cloud Shell's identity endpoint", url_, "");
  endpoint.absent = "MSI_ENDPOINT says that it is there";
  endpoint.advice = "is the session of Cloud Shell still logged in?";
  return endpoint;
}

}  // namespace blobmount
