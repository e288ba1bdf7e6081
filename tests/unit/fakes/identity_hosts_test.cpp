/// The fakes of hosts with identity endpoints refuse what the real ones refuse.

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "fakes/app_service_endpoint.hpp"
#include "fakes/arc_agent.hpp"
#include "fakes/cloud_shell_endpoint.hpp"
#include "fakes/machine_learning_endpoint.hpp"
#include "fakes/service_fabric_endpoint.hpp"
#include "http/curl_transport.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

const std::string resource = "https://storage.azure.com/";

class IdentityHosts : public testing::Test {
 protected:
  void expect_refused(HttpRequest request, int status, const std::string& words) {
    const auto response = send_and_wait(network_, std::move(request));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, status);
    EXPECT_NE(response->body.find(words), std::string::npos) << response->body;
  }
  static Url with(Url url, Query query) {
    url.query = std::move(query);
    return url;
  }

  CurlTransport network_{1, ""};
};

TEST_F(IdentityHosts, AppServiceWantsItsHeaderAndItsVersion) {
  const AppServiceEndpoint host;
  const HttpHeaders known{{"X-IDENTITY-HEADER", AppServiceEndpoint::header}};
  const auto good = with(host.url(), {{"api-version", "2019-08-01"}, {"resource", resource}});

  expect_refused({.url = good}, 401, "Unauthorized");
  expect_refused(
      {.url = with(host.url(), {{"api-version", "2017-09-01"}, {"resource", resource}}), .headers = known},
      400, "api-version");
  expect_refused({.url = with(host.url(), {{"api-version", "2019-08-01"}}), .headers = known}, 400,
                 "resource");
  expect_refused({.method = "POST", .url = good, .headers = known}, 404, "Not Found");
}

TEST_F(IdentityHosts, MachineLearningWantsItsSecretAndItsVersion) {
  const MachineLearningEndpoint host;
  const HttpHeaders known{{"secret", MachineLearningEndpoint::secret}};

  expect_refused({.url = with(host.url(), {{"api-version", "2017-09-01"}, {"resource", resource}})}, 401,
                 "Unauthorized");
  expect_refused(
      {.url = with(host.url(), {{"api-version", "2019-08-01"}, {"resource", resource}}), .headers = known},
      400, "api-version");
}

TEST_F(IdentityHosts, CloudShellWantsAFormFromWhoSetsItsHeader) {
  const CloudShellEndpoint host;

  expect_refused({.method = "POST", .url = host.url(), .body = "resource=x"}, 400, "bad_request_102");
  expect_refused(
      {.method = "POST", .url = host.url(), .headers = {{"Metadata", "true"}}, .body = "resource=x"}, 400,
      "A form");
  expect_refused({.url = with(host.url(), {{"resource", resource}}), .headers = {{"Metadata", "true"}}}, 404,
                 "Not found");
}

TEST_F(IdentityHosts, ServiceFabricWantsItsSecretAndItsVersion) {
  const ServiceFabricEndpoint host;
  const auto pinned = host.thumbprint();
  const HttpHeaders known{{"Secret", ServiceFabricEndpoint::secret}};

  expect_refused({.url = host.url(), .pinned_certificate = pinned}, 401, "SecretHeaderNotFound");
  expect_refused({.url = host.url(), .headers = known, .pinned_certificate = pinned}, 400,
                 "InvalidApiVersion");
  expect_refused({.url = with(host.url(), {{"api-version", "2019-07-01-preview"}}),
                  .headers = known,
                  .pinned_certificate = pinned},
                 400, "ArgumentNullOrEmpty");
  expect_refused({.url = with(host.url(), {{"api-version", "2019-07-01-preview"}, {"resource", resource}}),
                  .headers = {{"Secret", "another"}},
                  .pinned_certificate = pinned},
                 404, "ManagedIdentityNotFound");
}

TEST_F(IdentityHosts, AzureArcWantsTheKeyThatItHasJustWritten) {
  const TemporaryDirectory directory;
  const ArcAgent agent(directory.path());
  const auto good = with(agent.url(), {{"api-version", "2020-06-01"}, {"resource", resource}});

  expect_refused({.url = good}, 400, "Required metadata header not specified");
  expect_refused({.url = good, .headers = {{"Metadata", "true"}}}, 401, "");
  expect_refused({.url = good, .headers = {{"Metadata", "true"}, {"Authorization", "Basic guess"}}}, 401, "");
}

}  // namespace
}  // namespace blobmount::tests
