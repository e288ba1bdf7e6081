#include "fakes/machine_learning_endpoint.hpp"

#include <array>
#include <ctime>

#include <nlohmann/json.hpp>

namespace blobmount::tests {
namespace {

using nlohmann::json;

constexpr std::array selectors{FakeSelector{"clientid", &FakeIdentity::client_id}};

HttpResponse refusal(int status, const std::string& message) {
  const json body{{"StatusCode", status},
                  {"Message", message},
                  {"CorrelationId", "8797a7fe-6157-44e2-b24d-3e5713d2111d"}};
  return {.status = status, .body = body.dump()};
}

/// "06/20/2019 02:57:58 +00:00"
std::string date(std::chrono::sys_seconds time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%m/%d/%Y %H:%M:%S +00:00", &utc)};
}

}  // namespace

MachineLearningEndpoint::MachineLearningEndpoint()
    : server_([this](const ServedRequest& request, Reply& reply) {
        const auto response = answer(request);
        reply.send(response.status, {{"Content-Type", "application/json; charset=utf-8"}}, response.body);
      }) {}

std::map<std::string, std::string> MachineLearningEndpoint::environment() const {
  return {{"MSI_ENDPOINT", url().to_string()}, {"MSI_SECRET", secret}};
}

HttpResponse MachineLearningEndpoint::answer(const ServedRequest& request) {
  if (request.method != "GET" || request.path != "/MSI/auth") return refusal(404, "Not Found");
  if (request.header("secret") != secret) return refusal(401, "Unauthorized");
  if (request.parameter("api-version") != "2017-09-01") return refusal(400, "Unsupported api-version.");
  const auto resource = request.parameter("resource");
  if (!resource || resource->empty()) return refusal(400, "The parameter 'resource' is missing.");

  const auto issued = issuer_.issue(request, selectors, *resource);
  if (!issued) return refusal(400, "No MSI found for specified ClientId/ResourceId.");
  const json body{{"access_token", issued->token},
                  {"expires_on", date(issued->expires)},
                  {"resource", issued->resource},
                  {"token_type", "Bearer"}};
  return {.status = 200, .body = body.dump()};
}

}  // namespace blobmount::tests
