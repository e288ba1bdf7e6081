#include "fakes/cloud_shell_endpoint.hpp"

#include <nlohmann/json.hpp>

namespace blobmount::tests {
namespace {

using nlohmann::json;

HttpResponse refusal(int status, const std::string& code, const std::string& message) {
  const json body{{"error", {{"code", code}, {"message", message}}}};
  return {.status = status, .body = body.dump()};
}

}  // namespace

CloudShellEndpoint::CloudShellEndpoint()
    : server_([this](const ServedRequest& request, Reply& reply) {
        const auto response = answer(request);
        reply.send(response.status, {{"Content-Type", "application/json"}}, response.body);
      }) {}

std::map<std::string, std::string> CloudShellEndpoint::environment() const {
  return {{"MSI_ENDPOINT", url().to_string()}};
}

HttpResponse CloudShellEndpoint::answer(const ServedRequest& request) {
  static constexpr std::string_view name = "resource=";
  if (request.method != "POST" || request.path != "/oauth2/token")
    return refusal(404, "not_found", "Not found");
  if (request.header("Metadata") != "true")
    return refusal(400, "bad_request_102", "Required metadata header not specified");
  if (request.header("Content-Type") != "application/x-www-form-urlencoded" ||
      !request.body.starts_with(name) || request.body.find('&') != std::string::npos)
    return refusal(400, "invalid_request", "A form with the resource, and nothing else, is expected");

  const auto issued = issuer_.issue(request, {}, decode(std::string_view(request.body).substr(name.size())));
  if (!issued) return refusal(400, "invalid_request", "The session has no identity");
  const json body{{"access_token", issued->token},
                  {"refresh_token", ""},
                  {"expires_in", std::to_string(issued->lifetime.count())},
                  {"expires_on", std::to_string(epoch(issued->expires))},
                  {"not_before", std::to_string(epoch(issued->not_before))},
                  {"resource", issued->resource},
                  {"token_type", "Bearer"}};
  return {.status = 200, .body = body.dump()};
}

}  // namespace blobmount::tests
