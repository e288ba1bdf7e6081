#include "fakes/identity_endpoint.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "fakes/access_token.hpp"

namespace blobmount::tests {
namespace {

using nlohmann::json;

std::string error_body(const std::string& error, const std::string& description) {
  return json{{"error", error}, {"error_description", description}}.dump();
}

/// What the endpoint says of a request that breaks its protocol.
std::optional<std::string> complaint_about(const ServedRequest& request) {
  if (request.header("Metadata") != "true") {
    return error_body("invalid_request", "Required metadata header not specified");
  }
  if (request.header("X-Forwarded-For")) {
    return error_body("invalid_request", "X-Forwarded-For header is not allowed");
  }
  if (!request.parameter("api-version")) {
    return error_body("invalid_request", "Required query variable 'api-version' is missing");
  }
  if (request.parameter("api-version") != "2018-02-01") {
    return error_body("invalid_request", "Identity not supported for this api version");
  }
  if (!request.parameter("resource")) {
    return error_body("invalid_request", "Required query variable 'resource' is missing");
  }
  const auto resource = *request.parameter("resource");
  static constexpr std::array<std::string_view, 3> known{
      "https://storage.azure.com/", "https://storage.azure.com", "api://AzureADTokenExchange"};
  if (std::find(known.begin(), known.end(), resource) == known.end()) {
    return error_body("invalid_resource", "AADSTS500011: The resource principal named " + resource +
                                              " was not found in the tenant");
  }
  return std::nullopt;
}

struct Selector {
  const char* parameter;
  std::string FakeIdentity::*name;
};
const std::array selectors{Selector{"client_id", &FakeIdentity::client_id},
                           Selector{"object_id", &FakeIdentity::object_id},
                           Selector{"msi_res_id", &FakeIdentity::resource_id}};

bool matches(const FakeIdentity& identity, const ServedRequest& request) {
  bool selected = false;
  for (const auto& selector : selectors) {
    const auto value = request.parameter(selector.parameter);
    if (value && identity.*selector.name != *value) return false;
    selected |= value.has_value();
  }
  return selected || identity.resource_id.empty();
}

std::string audience_of(std::string resource) {
  while (resource.ends_with('/')) resource.pop_back();
  return resource;
}

}  // namespace

IdentityEndpoint::IdentityEndpoint(int port)
    : server_([this](const ServedRequest& request, Reply& reply) { answer(request, reply); }, port) {}

FakeIdentity IdentityEndpoint::system_assigned() {
  return {.client_id = "aaaaaaaa-0000-0000-0000-000000000001",
          .object_id = "aaaaaaaa-0000-0000-0000-000000000002",
          .resource_id = ""};
}

void IdentityEndpoint::set_lifetime(std::chrono::seconds lifetime) {
  const MutexLock lock(mutex_);
  lifetime_ = lifetime;
}

void IdentityEndpoint::keep_tokens() {
  const MutexLock lock(mutex_);
  keeps_tokens_ = true;
}

void IdentityEndpoint::add(const FakeIdentity& identity) {
  const MutexLock lock(mutex_);
  if (std::find(identities_.begin(), identities_.end(), identity) == identities_.end()) {
    identities_.push_back(identity);
  }
}

void IdentityEndpoint::remove(const FakeIdentity& identity) {
  const MutexLock lock(mutex_);
  std::erase(identities_, identity);
}

void IdentityEndpoint::fail_with(int status) {
  const MutexLock lock(mutex_);
  outage_ = Outage::status;
  outage_status_ = status;
}

void IdentityEndpoint::fall_silent() {
  const MutexLock lock(mutex_);
  outage_ = Outage::silence;
}

void IdentityEndpoint::end_outage() {
  const MutexLock lock(mutex_);
  outage_ = Outage::none;
}

std::uint64_t IdentityEndpoint::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

std::vector<std::string> IdentityEndpoint::issued() const {
  const MutexLock lock(mutex_);
  return issued_;
}

void IdentityEndpoint::answer(const ServedRequest& request, Reply& reply) {
  const bool order = request.path.starts_with("/fake/");
  const auto answer = order ? answer_order(request) : answer_token_request(request);
  if (answer.silence) return reply.stall();
  reply.send(answer.status,
             {{"Content-Type", "application/json; charset=utf-8"}, {"Server", "IMDS/150.870.65.1"}},
             answer.body);
}

IdentityEndpoint::Answer IdentityEndpoint::answer_token_request(const ServedRequest& request) {
  const MutexLock lock(mutex_);
  ++requests_;
  if (outage_ == Outage::silence) return {.silence = true};
  if (outage_ == Outage::status)
    return {.status = outage_status_, .body = error_body("unknown", "Failed to retrieve token")};

  if (request.path != "/metadata/identity/oauth2/token")
    return {.status = 404, .body = error_body("not_found", "Not found")};
  if (request.method != "GET")
    return {.status = 405, .body = error_body("bad_request", "Only GET is allowed")};
  if (auto complaint = complaint_about(request)) return {.status = 400, .body = *std::move(complaint)};

  const auto found = std::find_if(identities_.begin(), identities_.end(),
                                  [&request](const auto& identity) { return matches(identity, request); });
  if (found == identities_.end())
    return {.status = 400, .body = error_body("invalid_request", "Identity not found")};
  return issue(*found, *request.parameter("resource"));
}

IdentityEndpoint::Kept IdentityEndpoint::make(const FakeIdentity& identity, const std::string& resource,
                                              Time now) {
  const auto not_before = now - std::chrono::minutes{5};  // as the real service does, for clocks that differ
  const auto expires = now + lifetime_;
  issued_.push_back(make_token({.audience = audience_of(resource),
                                .client_id = identity.client_id,
                                .object_id = identity.object_id,
                                .not_before = not_before,
                                .expires = expires,
                                .serial = issued_.size()}));
  return {issued_.back(), not_before, expires};
}

IdentityEndpoint::Answer IdentityEndpoint::issue(const FakeIdentity& identity, const std::string& resource) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  auto& kept = kept_[identity.client_id + " " + resource];
  if (!keeps_tokens_ || kept.expires <= now) kept = make(identity, resource, now);

  const auto text = [](auto seconds) { return std::to_string(seconds.count()); };
  const json body{{"access_token", kept.token},
                  {"client_id", identity.client_id},
                  {"expires_in", text(kept.expires - now)},
                  {"expires_on", text(kept.expires.time_since_epoch())},
                  {"ext_expires_in", text(kept.expires - now)},
                  {"not_before", text(kept.not_before.time_since_epoch())},
                  {"resource", resource},
                  {"token_type", "Bearer"}};
  return {.status = 200, .body = body.dump()};
}

IdentityEndpoint::Answer IdentityEndpoint::answer_order(const ServedRequest& request) {
  if (request.path == "/fake/stats") {
    const MutexLock lock(mutex_);
    return {.status = 200, .body = json{{"requests", requests_}, {"issued", issued_.size()}}.dump()};
  }
  const auto order = json::parse(request.body, nullptr, false);
  if (request.path != "/fake/settings" || request.method != "POST" || !order.is_object()) {
    return {.status = 400, .body = error_body("bad_order", "POST /fake/settings takes a JSON object")};
  }
  if (order.contains("lifetime")) set_lifetime(std::chrono::seconds{order["lifetime"].get<std::int64_t>()});
  if (order.contains("system_assigned"))
    order["system_assigned"] ? add(system_assigned()) : remove(system_assigned());
  if (order.contains("outage")) {
    const auto& outage = order["outage"];
    if (outage.is_number()) fail_with(outage.get<int>());
    if (outage == "silence") fall_silent();
    if (outage == "none") end_outage();
  }
  return {.status = 200, .body = "{}"};
}

}  // namespace blobmount::tests
