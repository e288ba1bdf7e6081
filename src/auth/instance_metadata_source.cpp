#include "auth/instance_metadata_source.hpp"

#include <utility>

#include "auth/token_response.hpp"

namespace blobmount {
namespace {

using std::chrono::seconds;

/// The endpoint is a hop away: what has not connected by then is not there.
constexpr HttpLimits limits{.connect = seconds{2}, .stall = seconds{5}};

/// How a kind of identity is asked for, and what people call it.
struct Selector {
  const char* parameter;
  const char* words;
};

Selector selector_of(ManagedIdentity::Kind kind) {
  switch (kind) {
    case ManagedIdentity::Kind::system_assigned:
      break;
    case ManagedIdentity::Kind::client_id:
      return {"client_id", "client id "};
    case ManagedIdentity::Kind::object_id:
      return {"object_id", "object id "};
    case ManagedIdentity::Kind::resource_id:
      return {"msi_res_id", "resource id "};
  }
  return {nullptr, "system-assigned"};
}

std::string path_below(const Url& authority) {
  auto path = authority.path;
  while (path.ends_with('/')) path.pop_back();
  return path + "/metadata/identity/oauth2/token";
}

std::string address_of(const Url& authority) {
  return authority.scheme + "://" + authority.host +
         (authority.port == 0 ? "" : ":" + std::to_string(authority.port));
}

/// IMDS answers 404 and 410 while it is being updated, for up to 70 s.
/// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
bool passing(int status) { return status == 404 || status == 408 || status == 410 || status >= 500; }

ErrorCode code_of(int status) {
  if (status == 429) return ErrorCode::throttled;
  if (passing(status)) return ErrorCode::unavailable;
  return status >= 400 ? ErrorCode::unauthenticated : ErrorCode::corrupt;
}

std::string advice(ManagedIdentity::Kind kind) {
  if (kind == ManagedIdentity::Kind::system_assigned) {
    return "; assign a managed identity to this machine, or name one that is assigned with --client-id";
  }
  return "; check the id, and that this identity is assigned to this machine";
}

}  // namespace

Url instance_metadata_authority() { return {.scheme = "http", .host = "169.254.169.254", .query = {}}; }

InstanceMetadataSource::InstanceMetadataSource(HttpTransport& transport, Clock& clock,
                                               ManagedIdentity identity, Url authority)
    : transport_(transport),
      clock_(clock),
      identity_(std::move(identity)),
      authority_(std::move(authority)) {}

Result<AccessToken> InstanceMetadataSource::request_token() {
  // The lifetime counts from before the question, so that a slow answer does not prolong it.
  const auto asked = clock_.now();
  const auto wall_asked = clock_.wall_now();

  auto response = send_and_wait(transport_, token_request());
  if (!response) return no_answer(std::move(response).error(), asked);
  if (response->status != 200) return refusal(*response);

  const Secret body{std::move(response->body)};
  return parse_token(body.reveal(), asked, wall_asked);
}

std::string InstanceMetadataSource::description() const {
  return std::string("managed identity (") + selector_of(identity_.kind).words + identity_.id + ")";
}

HttpRequest InstanceMetadataSource::token_request() const {
  HttpRequest request{.url = authority_, .headers = {{"Metadata", "true"}}, .limits = limits, .direct = true};
  request.url.path = path_below(authority_);
  request.url.query = {{"api-version", "2018-02-01"}, {"resource", "https://storage.azure.com/"}};

  const auto* parameter = selector_of(identity_.kind).parameter;
  if (parameter != nullptr) request.url.query.emplace_back(parameter, identity_.id);
  return request;
}

Error InstanceMetadataSource::no_answer(Error error, SteadyTime asked) const {
  // A stall takes at least its limit: what timed out sooner never connected.
  const bool never_connected = error.code == ErrorCode::unreachable ||
                               (error.code == ErrorCode::timed_out && clock_.now() - asked < limits.stall);
  if (!never_connected) return std::move(error).within("ask " + address_of(authority_) + " for a token");

  return {ErrorCode::unreachable, "no identity endpoint at " + address_of(authority_) +
                                      ": is this an Azure VM with a managed identity? (" + error.message +
                                      ")"};
}

Error InstanceMetadataSource::refusal(const HttpResponse& response) const {
  const auto code = code_of(response.status);
  const auto answer = "the identity endpoint at " + address_of(authority_) + " answers " +
                      std::to_string(response.status) + " to " + description();
  if (code == ErrorCode::corrupt) return {code, answer + ", which is no answer it could give"};

  return {code, answer + ": " + refusal_reason(response.body) +
                    (response.status == 400 ? advice(identity_.kind) : "")};
}

}  // namespace blobmount
