#include "auth/application_source.hpp"

#include <utility>

#include "auth/token_form.hpp"
#include "auth/token_request.hpp"

namespace blobmount {
namespace {

/// The stall is longer than the connect: so ask_for_token() can tell them apart. The total is for an answer
/// that drips.
constexpr HttpLimits authority_limits{
    .connect = std::chrono::seconds{5}, .stall = std::chrono::seconds{15}, .total = std::chrono::seconds{45}};

constexpr auto assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

}  // namespace

ApplicationSource::ApplicationSource(HttpTransport& transport, Clock& clock, Application application,
                                     const Cloud& cloud, std::unique_ptr<ClientProof> proof)
    : transport_(transport),
      clock_(clock),
      authority_(cloud.authority),
      proof_(std::move(proof)),
      client_id_(std::move(application.client_id)),
      target_(std::move(application.tenant), cloud.audience) {}

Result<AccessToken> ApplicationSource::request_token() {
  auto url = token_url();
  if (!keeps_secrets(url)) {
    return Error{ErrorCode::invalid_argument, "no secret is sent over plain " + url.scheme + " to " +
                                                  url.host + ": the authority must be https"};
  }
  TokenEndpoint endpoint{.name = address_of(authority_),
                         .identity = description(),
                         .absent = "is it the authority of this cloud, and may it be reached from here?"};
  BM_ASSIGN(proof, proof_->prove(url.to_string()));
  endpoint.secrets.push_back(proof.text);
  auto token = ask_for_token(transport_, clock_, token_request(std::move(url), proof), endpoint);
  target_.learn(token);
  return token;
}

std::optional<std::string> ApplicationSource::adapt(const BearerChallenge& challenge) {
  return target_.adapt(challenge);
}

std::string ApplicationSource::description() const {
  return "application " + client_id_ + " of tenant " + target_.tenant() + " (" + proof_->description() + ")";
}

Url ApplicationSource::token_url() const {
  auto url = authority_;
  while (url.path.ends_with('/')) url.path.pop_back();
  url.path += "/" + percent_encode(target_.tenant(), false) + "/oauth2/v2.0/token";
  return url;
}

HttpRequest ApplicationSource::token_request(Url url, const Proof& proof) const {
  TokenForm form{{"client_id", Secret(client_id_)},
                 {"scope", Secret(target_.resource() + "/.default")},
                 {"grant_type", Secret("client_credentials")}};
  if (proof.kind == Proof::Kind::assertion) {
    form.push_back({"client_assertion_type", Secret(assertion_type)});
    form.push_back({"client_assertion", proof.text});
  } else {
    form.push_back({"client_secret", proof.text});
  }
  return {.method = "POST",
          .url = std::move(url),
          .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}},
          .body = encode(form),
          .limits = authority_limits};
}

}  // namespace blobmount
