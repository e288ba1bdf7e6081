#include "auth/machine_learning_source.hpp"

#include <utility>

namespace blobmount {

MachineLearningSource::MachineLearningSource(HttpTransport& transport, Clock& clock, ManagedIdentity identity,
                                             std::string resource, Url url, Secret secret)
    : ManagedIdentitySource(transport, clock, std::move(identity), std::move(resource)),
      url_(std::move(url)),
      secret_(std::move(secret)) {}

HttpRequest MachineLearningSource::token_request() const {
  auto request = get(url_, "2017-09-01", selectors);
  request.headers.set("secret", std::string(secret_.reveal()));
  return request;
}

TokenEndpoint MachineLearningSource::endpoint() const {
  auto endpoint = endpoint_of("Azure Machine Learning's identity endpoint", url_, "this compute");
  endpoint.absent = "MSI_ENDPOINT says that it is there";
  endpoint.choice = "name one of them with --client-id";
  endpoint.secrets = {secret_};
  return endpoint;
}

}  // namespace blobmount
