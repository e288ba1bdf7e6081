#include "fakes/entra_authority.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "fakes/access_token.hpp"
#include "fakes/assertion_check.hpp"
#include "fakes/jwt.hpp"

namespace blobmount::tests {
namespace {

constexpr auto assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::string_view any_scope = "/.default";

EntraError refuse(int status, const char* error, int number, std::string words) {
  return {.status = status, .error = error, .number = number, .words = std::move(words)};
}

EntraError missing(const std::string& parameter) {
  return refuse(400, "invalid_request", 900144,
                "The request body must contain the following parameter: '" + parameter + "'.");
}

std::optional<EntraError> complaint_about_place(const ServedRequest& request, const std::string& tenant) {
  static constexpr std::string_view end = "/oauth2/v2.0/token";
  if (!request.path.ends_with(end)) return refuse(404, "invalid_request", 90015, "Requested URL not found.");
  if (request.method != "POST") {
    return refuse(400, "invalid_request", 900561, "The endpoint only accepts POST requests.");
  }
  if (request.header("Content-Type") != "application/x-www-form-urlencoded") return missing("grant_type");
  const auto asked = request.path.substr(1, request.path.size() - end.size() - 1);
  if (asked == tenant) return std::nullopt;
  return refuse(400, "invalid_request", 90002,
                "Tenant '" + asked +
                    "' not found. Check to make sure you have the correct tenant ID and are signing into the "
                    "correct cloud.");
}

std::optional<EntraError> complaint_about_scope(const std::string& scope, const std::string& tenant) {
  if (!scope.ends_with(any_scope)) {
    return refuse(
        400, "invalid_scope", 1002012,
        "The provided value for scope " + scope +
            " is not valid. Client credential flows must have a scope value with /.default suffixed "
            "to the resource identifier (application ID URI).");
  }
  // that of all accounts, or one's own
  if (scope == "https://storage.azure.com/.default" || scope.ends_with(".blob.core.windows.net/.default"))
    return std::nullopt;
  return refuse(400, "invalid_resource", 500011,
                "The resource principal named " + scope.substr(0, scope.size() - any_scope.size()) +
                    " was not found in the tenant named " + tenant + ".");
}

}  // namespace

struct EntraAuthority::Form {
  std::vector<std::pair<std::string, std::string>> fields{};

  static Form of(std::string_view body) {
    Form form;
    while (!body.empty()) {
      const auto field = body.substr(0, body.find('&'));
      body.remove_prefix(std::min(field.size() + 1, body.size()));
      const auto equals = std::min(field.find('='), field.size());
      form.fields.emplace_back(decode(field.substr(0, equals)),
                               decode(field.substr(std::min(equals + 1, field.size()))));
    }
    return form;
  }
  [[nodiscard]] std::string text(std::string_view name) const {
    const auto found =
        std::find_if(fields.begin(), fields.end(), [name](const auto& field) { return field.first == name; });
    return found != fields.end() ? found->second : "";
  }
};

EntraAuthority::EntraAuthority(std::string tenant)
    : tenant_(std::move(tenant)),
      server_([this](const ServedRequest& request, Reply& reply) { answer(request, reply); }) {}

void EntraAuthority::add(const FakeApplication& application) {
  const MutexLock lock(mutex_);
  std::erase_if(applications_,
                [&application](const auto& other) { return other.client_id == application.client_id; });
  applications_.push_back(application);
}

void EntraAuthority::set_lifetime(std::chrono::seconds lifetime) {
  const MutexLock lock(mutex_);
  lifetime_ = lifetime;
}

std::uint64_t EntraAuthority::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

std::vector<std::string> EntraAuthority::issued() const {
  const MutexLock lock(mutex_);
  return issued_;
}

std::vector<std::string> EntraAuthority::assertions() const {
  const MutexLock lock(mutex_);
  return assertions_;
}

void EntraAuthority::answer(const ServedRequest& request, Reply& reply) {
  const auto form = Form::of(request.body);
  std::string body;
  int status = 200;
  {
    const MutexLock lock(mutex_);
    ++requests_;
    const auto complaint = complaint_about(request, form);
    if (complaint) status = complaint->status;
    body = complaint ? body_of(*complaint) : issue(form);
  }
  reply.send(status, {{"Content-Type", "application/json; charset=utf-8"}, {"Cache-Control", "no-store"}},
             body);
}

std::optional<EntraError> EntraAuthority::complaint_about(const ServedRequest& request, const Form& form) {
  if (auto complaint = complaint_about_place(request, tenant_)) return complaint;
  for (const auto* const parameter : {"grant_type", "client_id", "scope"}) {
    if (form.text(parameter).empty()) return missing(parameter);
  }
  if (form.text("grant_type") != "client_credentials") {
    return refuse(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.");
  }
  const auto application =
      std::find_if(applications_.begin(), applications_.end(),
                   [&form](const auto& known) { return known.client_id == form.text("client_id"); });
  if (application == applications_.end()) {
    return refuse(400, "unauthorized_client", 700016,
                  "Application with identifier '" + form.text("client_id") +
                      "' was not found in the directory '" + tenant_ + "'.");
  }
  if (auto complaint = complaint_about_proof(*application, form)) return complaint;
  return complaint_about_scope(form.text("scope"), tenant_);
}

std::optional<EntraError> EntraAuthority::complaint_about_proof(const FakeApplication& application,
                                                                const Form& form) {
  const auto secret = form.text("client_secret");
  if (!secret.empty()) {
    if (secret != application.secret) {
      return refuse(
          401, "invalid_client", 7000215,
          "Invalid client secret provided. Ensure the secret being sent in the request is the client "
          "secret value, not the client secret ID, for a secret added to app '" +
              application.client_id + "'.");
    }
    if (application.secret_expired) {
      return refuse(401, "invalid_client", 7000222,
                    "The provided client secret keys for app '" + application.client_id + "' are expired.");
    }
    return std::nullopt;
  }

  const auto assertion = form.text("client_assertion");
  if (assertion.empty() || form.text("client_assertion_type") != assertion_type) {
    return refuse(401, "invalid_client", 7000216,
                  "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' "
                  "grant type.");
  }
  const auto jwt = parse_jwt(assertion);
  if (!jwt) return refuse(401, "invalid_client", 50027, "JWT token is invalid or malformed.");
  const bool own = jwt->payload.value("iss", "") == application.client_id;
  auto complaint = own ? complaint_about_own(*jwt, application.client_id, application.certificate,
                                             server_.url("/" + tenant_ + "/oauth2/v2.0/token").to_string())
                       : complaint_about_federated(*jwt, application.trusts.value_or(FederatedCredential{}));
  if (!complaint) assertions_.push_back(assertion);
  return complaint;
}

std::string EntraAuthority::issue(const Form& form) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto scope = form.text("scope");
  issued_.push_back(make_token({.audience = scope.substr(0, scope.size() - any_scope.size()),
                                .tenant = tenant_,
                                .client_id = form.text("client_id"),
                                .object_id = "principal of " + form.text("client_id"),
                                .not_before = now - std::chrono::minutes{5},
                                .expires = now + lifetime_,
                                .serial = issued_.size()}));
  return nlohmann::json{{"token_type", "Bearer"},
                        {"expires_in", lifetime_.count()},
                        {"ext_expires_in", lifetime_.count()},
                        {"access_token", issued_.back()}}
      .dump();
}

}  // namespace blobmount::tests
