#include "auth/bearer_transport.hpp"

#include <string>
#include <utility>

namespace blobmount {

void BearerTransport::start(HttpRequest request, OnResponse done) {
  if (!keeps_secrets(request.url)) {
    return done(Error{ErrorCode::invalid_argument, "a token is not sent over plain " + request.url.scheme +
                                                       " to " + request.url.host +
                                                       ": use an https endpoint"});
  }
  auto token = tokens_.current();
  if (!token) return done(std::move(token).error());

  request.headers.set("Authorization", "Bearer " + std::string(token->value.reveal()));
  next_.start(std::move(request),
              [&tokens = tokens_, token = *std::move(token), done = std::move(done)](auto response) {
                if (response && response->status == 401) tokens.reject(token, {});
                done(std::move(response));
              });
}

}  // namespace blobmount
