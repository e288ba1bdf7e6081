#include "fakes/arc_agent.hpp"

#include <array>
#include <fstream>
#include <utility>

#include <nlohmann/json.hpp>

namespace blobmount::tests {
namespace {

using nlohmann::json;

constexpr std::array selectors{FakeSelector{"client_id", &FakeIdentity::client_id},
                               FakeSelector{"object_id", &FakeIdentity::object_id},
                               FakeSelector{"msi_res_id", &FakeIdentity::resource_id}};

HttpResponse refusal(int status, const std::string& error, const std::string& description) {
  const json body{{"error", error}, {"error_description", description}};
  return {.status = status, .body = body.dump()};
}

}  // namespace

ArcAgent::ArcAgent(std::filesystem::path directory, std::string said_directory)
    : directory_(std::move(directory)),
      said_directory_(std::move(said_directory)),
      server_([this](const ServedRequest& request, Reply& reply) {
        const auto response = answer(request);
        reply.send(response.status, response.headers, response.body);
      }) {}

std::map<std::string, std::string> ArcAgent::environment() const {
  const auto origin = "http://127.0.0.1:" + std::to_string(server_.port());
  return {{"IDENTITY_ENDPOINT", url().to_string()}, {"IMDS_ENDPOINT", origin}};
}

void ArcAgent::become_old() {
  const MutexLock lock(mutex_);
  old_ = true;
}

void ArcAgent::name_file(std::string path) {
  const MutexLock lock(mutex_);
  named_file_ = std::move(path);
}

int ArcAgent::keys_received() const {
  const MutexLock lock(mutex_);
  return keys_received_;
}

HttpResponse ArcAgent::answer(const ServedRequest& request) {
  const MutexLock lock(mutex_);
  if (request.method != "GET" || request.path != "/metadata/identity/oauth2/token")
    return refusal(404, "not_found", "Not found");
  if (request.header("Metadata") != "true")
    return refusal(400, "invalid_request", "Required metadata header not specified");
  if (request.parameter("api-version") != "2020-06-01")
    return refusal(400, "invalid_request", "Unsupported api-version");
  const auto resource = request.parameter("resource");
  if (!resource || resource->empty())
    return refusal(400, "invalid_request", "Required query variable 'resource' is missing");

  const auto authorization = request.header("Authorization");
  if (authorization) ++keys_received_;
  if (!authorization || key_.empty() || *authorization != "Basic " + key_) return challenge();
  key_.clear();
  return issue(request, *resource);
}

HttpResponse ArcAgent::challenge() {
  const auto name = "challenge-" + std::to_string(++challenges_) + ".key";
  key_ = "ssssssssshhhhhhhhh" + std::to_string(challenges_);
  std::ofstream(directory_ / name) << key_;
  const auto file = named_file_.value_or(said_directory_ + "/" + name);
  return {.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=" + file}}};
}

HttpResponse ArcAgent::issue(const ServedRequest& request, const std::string& resource) {
  const auto known = std::span(selectors).first(old_ ? 0 : selectors.size());
  const auto issued = issuer_.issue(request, known, resource);
  if (!issued) return refusal(404, "invalid_request", "Identity not found");
  json body{{"access_token", issued->token},
            {"expires_in", std::to_string(issued->lifetime.count())},
            {"expires_on", std::to_string(epoch(issued->expires))},
            {"not_before", std::to_string(epoch(issued->not_before))},
            {"resource", resource},
            {"token_type", "Bearer"}};
  if (!old_) {
    body["client_id"] = issued->identity.client_id;
    body["object_id"] = issued->identity.object_id;
    body["msi_res_id"] = issued->identity.resource_id;
  }
  return {.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = body.dump()};
}

}  // namespace blobmount::tests
