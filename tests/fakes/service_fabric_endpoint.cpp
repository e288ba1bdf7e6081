#include "fakes/service_fabric_endpoint.hpp"

#include <optional>

#include <nlohmann/json.hpp>

namespace blobmount::tests {
namespace {

using nlohmann::json;

constexpr auto correlation = "7f30f4d3-0f3a-41e0-a417-527f21b3848f";

HttpResponse refusal(int status, const std::string& code, const std::string& message) {
  const json body{{"error", {{"correlationId", correlation}, {"code", code}, {"message", message}}}};
  return {.status = status, .body = body.dump()};
}

}  // namespace

ServiceFabricEndpoint::ServiceFabricEndpoint()
    : server_(
          [this](const ServedRequest& request, Reply& reply) {
            const auto response = answer(request);
            reply.send(response.status, {{"Content-Type", "application/json"}}, response.body);
          },
          0, files_) {}

Url ServiceFabricEndpoint::url() const {
  return {.scheme = "https",
          .host = "localhost",
          .port = server_.port(),
          .path = "/metadata/identity/oauth2/token"};
}

std::map<std::string, std::string> ServiceFabricEndpoint::environment() const {
  return {{"IDENTITY_ENDPOINT", url().to_string()},
          {"IDENTITY_HEADER", secret},
          {"IDENTITY_SERVER_THUMBPRINT", thumbprint()}};
}

HttpResponse ServiceFabricEndpoint::answer(const ServedRequest& request) {
  if (!request.header("Secret"))
    return refusal(401, "SecretHeaderNotFound", "Secret is not found in the request headers.");
  const auto version = request.parameter("api-version").value_or("");
  if (version != "2019-07-01-preview") {
    return refusal(
        400, "InvalidApiVersion",
        "The api-version '" + version + "' is not supported. Supported version is '2019-07-01-preview'.");
  }
  const auto resource = request.parameter("resource");
  if (!resource || resource->empty())
    return refusal(400, "ArgumentNullOrEmpty",
                   "The parameter 'resource' should not be null or empty string.");

  const bool known = request.header("Secret") == secret;
  const auto issued = known ? issuer_.issue(request, {}, *resource) : std::nullopt;
  if (!issued) {
    return refusal(404, "ManagedIdentityNotFound",
                   "Managed identity not found for the specified application host.");
  }
  const json body{{"token_type", "Bearer"},
                  {"access_token", issued->token},
                  {"expires_on", epoch(issued->expires)},
                  {"resource", issued->resource}};
  return {.status = 200, .body = body.dump()};
}

}  // namespace blobmount::tests
