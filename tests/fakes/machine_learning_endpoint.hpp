#pragma once

/// The identity endpoint of Azure Machine Learning's compute: App Service's of 2017, as strict as the real
/// one. It knows an identity by its client id only, and writes dates.

#include <map>
#include <string>

#include "fakes/http_server.hpp"
#include "fakes/token_issuer.hpp"

namespace blobmount::tests {

/// Safe to use from any thread.
class MachineLearningEndpoint {
 public:
  static constexpr auto secret = "1038546b736e43fdbf36bf970c7bc236";

  MachineLearningEndpoint();

  [[nodiscard]] Url url() const { return server_.url("/MSI/auth"); }
  /// What a job finds.
  [[nodiscard]] std::map<std::string, std::string> environment() const;
  TokenIssuer& issuer() { return issuer_; }

 private:
  HttpResponse answer(const ServedRequest& request);

  TokenIssuer issuer_;
  HttpServer server_;
};

}  // namespace blobmount::tests
