#pragma once

/// The identity endpoint of Cloud Shell, as strict as the real one: it takes a form, and has one identity.
/// https://learn.microsoft.com/azure/cloud-shell/msi-authorization

#include <map>
#include <string>

#include "fakes/http_server.hpp"
#include "fakes/token_issuer.hpp"

namespace blobmount::tests {

/// Safe to use from any thread.
class CloudShellEndpoint {
 public:
  CloudShellEndpoint();

  [[nodiscard]] Url url() const { return server_.url("/oauth2/token"); }
  /// What a session finds.
  [[nodiscard]] std::map<std::string, std::string> environment() const;
  TokenIssuer& issuer() { return issuer_; }

 private:
  HttpResponse answer(const ServedRequest& request);

  TokenIssuer issuer_;
  HttpServer server_;
};

}  // namespace blobmount::tests
