#pragma once

/// Signs requests with the current token, and reports a refused one to its provider. Asking again with the
/// next token is left to the transport above.

#include "blobmount/credential.hpp"
#include "blobmount/http.hpp"

namespace blobmount {

class BearerTransport final : public HttpTransport {
 public:
  BearerTransport(HttpTransport& next, TokenProvider& tokens) : next_(next), tokens_(tokens) {}

  /// Where there is no token, `done` gets the provider's Error. `invalid_argument`, and nothing is sent,
  /// where the token would travel in the clear: over plain http to another machine.
  void start(HttpRequest request, OnResponse done) override;

 private:
  HttpTransport& next_;
  TokenProvider& tokens_;
};

}  // namespace blobmount
