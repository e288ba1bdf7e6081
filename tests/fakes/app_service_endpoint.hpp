#pragma once

/// The identity endpoint of App Service and Functions, as strict as the real one.
/// https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference

#include <map>
#include <string>

#include "fakes/http_server.hpp"
#include "fakes/token_issuer.hpp"

namespace blobmount::tests {

/// Safe to use from any thread.
class AppServiceEndpoint {
 public:
  static constexpr auto header = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";

  AppServiceEndpoint();

  [[nodiscard]] Url url() const { return server_.url("/msi/token/"); }
  /// What an app finds.
  [[nodiscard]] std::map<std::string, std::string> environment() const;
  TokenIssuer& issuer() { return issuer_; }

 private:
  HttpResponse answer(const ServedRequest& request);

  TokenIssuer issuer_;
  HttpServer server_;
};

}  // namespace blobmount::tests
