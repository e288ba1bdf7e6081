#include "fakes/identity_endpoint.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/azurite.hpp"
#include "support/http_client.hpp"

namespace blobmount::tests {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

const std::string token_path = "/metadata/identity/oauth2/token";
const std::string good_query = "?api-version=2018-02-01&resource=https%3A%2F%2Fstorage.azure.com%2F";

HttpResponse ask(const IdentityEndpoint& endpoint, const std::string& query = good_query,
                 const std::vector<std::string>& headers = {"Metadata: true"}) {
  const auto base = "http://127.0.0.1:" + std::to_string(endpoint.port());
  return HttpClient().send({.url = base + token_path + query, .headers = headers});
}

HttpResponse order(const IdentityEndpoint& endpoint, const json& settings) {
  const auto url = "http://127.0.0.1:" + std::to_string(endpoint.port()) + "/fake/settings";
  return HttpClient().send({.method = "POST", .url = url, .body = settings.dump()});
}

TEST(IdentityEndpoint, AnswersWithTheFieldsOfTheRealOne) {
  IdentityEndpoint endpoint;
  endpoint.set_lifetime(1h);

  const auto response = ask(endpoint);

  ASSERT_EQ(response.status, 200) << response.body;
  const auto body = json::parse(response.body);
  EXPECT_EQ(body.at("token_type"), "Bearer");
  EXPECT_EQ(body.at("resource"), "https://storage.azure.com/");
  EXPECT_EQ(body.at("expires_in"), "3600");
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  EXPECT_NEAR(std::stod(body.at("expires_on").get<std::string>()), static_cast<double>(now + 3600), 30);
  EXPECT_EQ(endpoint.issued(), std::vector{body.at("access_token").get<std::string>()});
}

TEST(IdentityEndpoint, RefusesWhatTheRealOneRefuses) {
  const IdentityEndpoint endpoint;

  EXPECT_EQ(ask(endpoint, good_query, {}).status, 400);
  EXPECT_EQ(ask(endpoint, good_query, {"Metadata: true", "X-Forwarded-For: 10.0.0.1"}).status, 400);
  EXPECT_EQ(ask(endpoint, "?resource=https://storage.azure.com/").status, 400);
  EXPECT_EQ(ask(endpoint, "?api-version=2018-02-01").status, 400);
  EXPECT_EQ(
      json::parse(ask(endpoint, "?api-version=2018-02-01&resource=https://example.org").body).at("error"),
      "invalid_resource");
}

TEST(IdentityEndpoint, KnowsUserAssignedIdentitiesByAnyOfTheirNames) {
  IdentityEndpoint endpoint;
  endpoint.add({.client_id = "client", .object_id = "object", .resource_id = "/subscriptions/s/id"});

  for (const std::string selector :
       {"client_id=client", "object_id=object", "msi_res_id=%2Fsubscriptions%2Fs%2Fid"}) {
    const auto response = ask(endpoint, good_query + "&" + selector);
    ASSERT_EQ(response.status, 200) << selector;
    EXPECT_EQ(json::parse(response.body).at("client_id"), "client");
  }
  EXPECT_EQ(ask(endpoint, good_query + "&client_id=nobody").status, 400);
}

TEST(IdentityEndpoint, SaysSoWhenTheIdentityIsGone) {
  IdentityEndpoint endpoint;
  endpoint.remove(IdentityEndpoint::system_assigned());

  const auto response = ask(endpoint);

  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(json::parse(response.body),
            (json{{"error", "invalid_request"}, {"error_description", "Identity not found"}}));
}

TEST(IdentityEndpoint, FailsToOrderAndRecovers) {
  IdentityEndpoint endpoint;
  for (const int status : {500, 410, 429}) {
    endpoint.fail_with(status);
    EXPECT_EQ(ask(endpoint).status, status);
  }
  endpoint.end_outage();

  EXPECT_EQ(ask(endpoint).status, 200);
  EXPECT_EQ(endpoint.requests(), 4u);
}

TEST(IdentityEndpoint, ASilentOneStillStopsAtOnce) {
  std::optional<IdentityEndpoint> endpoint(std::in_place);
  endpoint->fall_silent();
  const auto url = "http://127.0.0.1:" + std::to_string(endpoint->port()) + token_path;
  std::thread patient([&url] { EXPECT_THROW(HttpClient().send({.url = url}), std::runtime_error); });
  while (endpoint->requests() == 0) std::this_thread::yield();

  const auto start = std::chrono::steady_clock::now();
  endpoint.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
  patient.join();
}

TEST(IdentityEndpoint, TakesOrdersFromScripts) {
  IdentityEndpoint endpoint;

  ASSERT_EQ(order(endpoint, {{"lifetime", 60}, {"outage", 503}}).status, 200);
  EXPECT_EQ(ask(endpoint).status, 503);
  ASSERT_EQ(order(endpoint, {{"outage", "none"}}).status, 200);
  EXPECT_EQ(json::parse(ask(endpoint).body).at("expires_in"), "60");
  ASSERT_EQ(order(endpoint, {{"system_assigned", false}}).status, 200);
  EXPECT_EQ(ask(endpoint).status, 400);
}

TEST(IdentityEndpoint, AzuriteAcceptsItsTokensUntilTheyExpire) {
  if (!Azurite::installed()) GTEST_SKIP() << "needs Azurite: run packaging/test.sh";
  const Azurite azurite;
  IdentityEndpoint endpoint;
  const auto list_with = [&](const std::string& token) {
    const auto url =
        "https://127.0.0.1:" + std::to_string(azurite.endpoint().port) + "/devstoreaccount1?comp=list";
    return HttpClient().send({.url = url,
                              .headers = {"Authorization: Bearer " + token, "x-ms-version: 2023-11-03"},
                              .ca_file = azurite.ca_file()});
  };

  ask(endpoint);
  endpoint.set_lifetime(-1s);
  ask(endpoint);

  EXPECT_EQ(list_with(endpoint.issued().at(0)).status, 200);
  EXPECT_EQ(list_with(endpoint.issued().at(1)).status, 403);
}

}  // namespace
}  // namespace blobmount::tests
