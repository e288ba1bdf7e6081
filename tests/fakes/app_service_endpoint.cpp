#include "fakes/app_service_endpoint.hpp"

#include <array>

#include <nlohmann/json.hpp>

namespace blobmount::tests {
namespace {

using nlohmann::json;

constexpr std::array selectors{FakeSelector{"client_id", &FakeIdentity::client_id},
                               FakeSelector{"principal_id", &FakeIdentity::object_id},
                               FakeSelector{"object_id", &FakeIdentity::object_id},
                               FakeSelector{"mi_res_id", &FakeIdentity::resource_id}};

HttpResponse refusal(int status, const std::string& message) {
  const json body{{"statusCode", status},
                  {"message", message},
                  {"correlationId", "8797a7fe-6157-44e2-b24d-3e5713d2111d"}};
  return {.status = status, .body = body.dump()};
}

}  // namespace

AppServiceEndpoint::AppServiceEndpoint()
    : server_([this](const ServedRequest& request, Reply& reply) {
        const auto response = answer(request);
        reply.send(response.status, {{"Content-Type", "application/json; charset=utf-8"}}, response.body);
      }) {}

std::map<std::string, std::string> AppServiceEndpoint::environment() const {
  return {{"IDENTITY_ENDPOINT", url().to_string()},
          {"IDENTITY_HEADER", header},
          // those of 2017 are there too, for old libraries
          {"MSI_ENDPOINT", url().to_string()},
          {"MSI_SECRET", header}};
}

HttpResponse AppServiceEndpoint::answer(const ServedRequest& request) {
  if (request.method != "GET" || !request.path.starts_with("/msi/token")) return refusal(404, "Not Found");
  if (request.header("X-IDENTITY-HEADER") != header) return refusal(401, "Unauthorized");
  if (request.parameter("api-version") != "2019-08-01") return refusal(400, "Unsupported api-version.");
  const auto resource = request.parameter("resource");
  if (!resource || resource->empty()) return refusal(400, "The parameter 'resource' is missing.");

  const auto issued = issuer_.issue(request, selectors, *resource);
  if (!issued) {
    return refusal(400,
                   "No User Assigned or Delegated Managed Identity found for specified "
                   "ClientId/ResourceId/PrincipalId.");
  }
  const json body{{"access_token", issued->token},
                  {"client_id", issued->identity.client_id},
                  {"expires_on", std::to_string(epoch(issued->expires))},
                  {"not_before", std::to_string(epoch(issued->not_before))},
                  {"resource", issued->resource},
                  {"token_type", "Bearer"}};
  return {.status = 200, .body = body.dump()};
}

}  // namespace blobmount::tests
