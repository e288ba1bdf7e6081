#include "auth/application_source.hpp"

#include <algorithm>
#include <utility>

#include "auth/token_claims.hpp"
#include "auth/token_form.hpp"
#include "auth/token_request.hpp"

namespace blobmount {
namespace {

/// The stall is longer than the connect: so ask_for_token() can tell them apart. The total is for an answer
/// that drips.
constexpr HttpLimits authority_limits{.connect = std::chrono::seconds{10},
                                      .stall = std::chrono::seconds{15},
                                      .total = std::chrono::seconds{45}};

constexpr auto assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Ids and domains of tenants are compared like this.
bool same(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(left, right, {}, lower, lower);
}

/// An authority, or a proxy in front of it, may echo what it was sent.
Error without(Error error, const Secret& secret) {
  static constexpr std::string_view instead = "(secret)";
  auto& text = error.message;
  for (auto at = text.find(secret.reveal()); !secret.empty() && at != std::string::npos;
       at = text.find(secret.reveal(), at + instead.size())) {
    text.replace(at, secret.reveal().size(), instead);
  }
  return error;
}

}  // namespace

ApplicationSource::ApplicationSource(HttpTransport& transport, Clock& clock, Application application,
                                     const Cloud& cloud, std::unique_ptr<ClientProof> proof)
    : transport_(transport),
      clock_(clock),
      authority_(cloud.authority),
      proof_(std::move(proof)),
      application_(std::move(application)),
      audience_(cloud.audience) {}

Result<AccessToken> ApplicationSource::request_token() {
  auto url = token_url();
  if (!keeps_secrets(url)) {
    return Error{ErrorCode::invalid_argument, "no secret is sent over plain " + url.scheme + " to " +
                                                  url.host + ": the authority must be https"};
  }
  const TokenEndpoint endpoint{
      .name = address_of(authority_),
      .identity = description(),
      .absent = "is it the authority of this cloud, and may it be reached from here?"};
  BM_ASSIGN(proof, proof_->prove(url.to_string()));
  auto token = ask_for_token(transport_, clock_, token_request(std::move(url), proof), endpoint);
  if (!token) return without(std::move(token).error(), proof.text);
  token_tenant_ = claims_of(token->value).tenant;
  return token;
}

std::optional<std::string> ApplicationSource::adapt(const BearerChallenge& challenge) {
  const auto& asked = token_tenant_.empty() ? application_.tenant : token_tenant_;
  std::string changes;
  if (!challenge.tenant.empty() && !same(challenge.tenant, asked) &&
      !same(challenge.tenant, application_.tenant)) {
    changes = "of tenant " + challenge.tenant + ", not " + application_.tenant;
    application_.tenant = challenge.tenant;
    token_tenant_.clear();
  }
  if (!challenge.resource.empty() && challenge.resource != audience_) {
    changes += (changes.empty() ? "" : " and ") + ("for " + challenge.resource) + ", not " + audience_;
    audience_ = challenge.resource;
  }
  if (changes.empty()) return std::nullopt;
  return "the service takes tokens " + changes + ": these are asked for from now on";
}

std::string ApplicationSource::description() const {
  return "application " + application_.client_id + " of tenant " + application_.tenant + " (" +
         proof_->description() + ")";
}

Url ApplicationSource::token_url() const {
  auto url = authority_;
  while (url.path.ends_with('/')) url.path.pop_back();
  url.path += "/" + percent_encode(application_.tenant, false) + "/oauth2/v2.0/token";
  return url;
}

HttpRequest ApplicationSource::token_request(Url url, const Proof& proof) const {
  TokenForm form{{"client_id", Secret(application_.client_id)},
                 {"scope", Secret(audience_ + "/.default")},
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
