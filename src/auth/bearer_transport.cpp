#include "auth/bearer_transport.hpp"

#include <string>
#include <utility>

#include "auth/bearer_challenge.hpp"

namespace blobmount {
namespace {

BearerChallenge challenge_of(const HttpResponse& response, const std::string& host) {
  return parse_bearer_challenge(response.headers.get("WWW-Authenticate").value_or(""), host);
}

std::string authorization_by(const Secret& token) {
  std::string text = "Bearer ";
  text.reserve(text.size() + token.reveal().size());  // so that it does not move, and leave a copy behind
  return text.append(token.reveal());
}

}  // namespace

void BearerTransport::start(HttpRequest request, OnResponse done) {
  if (!keeps_secrets(request.url)) {
    return done(Error{ErrorCode::invalid_argument, "a token is not sent over plain " + request.url.scheme +
                                                       " to " + request.url.host +
                                                       ": use an https endpoint"});
  }
  auto token = tokens_.current();
  if (!token) return done(std::move(token).error());

  request.headers.set("Authorization", authorization_by(token->value));
  auto host = request.url.host;
  next_.start(std::move(request), [&tokens = tokens_, token = *std::move(token), host = std::move(host),
                                   done = std::move(done)](auto response) {
    if (response && response->status == 401) tokens.reject(token, challenge_of(*response, host));
    done(std::move(response));
  });
}

}  // namespace blobmount
