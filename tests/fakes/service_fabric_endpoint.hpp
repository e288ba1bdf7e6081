#pragma once

/// The identity endpoint of a Service Fabric node, as strict as the real one: https with a certificate that
/// nobody vouches for, one identity for each secret.
/// https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code

#include <map>
#include <string>

#include "fakes/http_server.hpp"
#include "fakes/token_issuer.hpp"
#include "support/certificate.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {

/// Safe to use from any thread.
class ServiceFabricEndpoint {
 public:
  static constexpr auto secret = "912e4af7-77ba-4fa5-a737-56c8e3ace132";

  ServiceFabricEndpoint();

  [[nodiscard]] Url url() const;
  /// Of the certificate that it shows: SHA-1, in hex.
  [[nodiscard]] std::string thumbprint() const { return thumbprint_of(files_); }
  /// What the application finds.
  [[nodiscard]] std::map<std::string, std::string> environment() const;
  TokenIssuer& issuer() { return issuer_; }

 private:
  HttpResponse answer(const ServedRequest& request);

  const TemporaryDirectory directory_;
  const CertificateFiles files_ = make_certificate(directory_.path());
  TokenIssuer issuer_;
  HttpServer server_;
};

}  // namespace blobmount::tests
