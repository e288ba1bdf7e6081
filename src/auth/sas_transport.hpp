#pragma once

/// Signs requests with a shared access signature: its fields go into each URL. Stands below what logs no
/// query but those it knows.

#include <memory>

#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"

#include "auth/current_sas.hpp"

namespace blobmount {

class SasTransport final : public HttpTransport {
 public:
  SasTransport(HttpTransport& next, Clock& clock, std::unique_ptr<CurrentSas> signatures)
      : next_(next), clock_(clock), signatures_(std::move(signatures)) {}

  /// A request that would travel in the clear, to another machine, is not sent: invalid_argument. One that is
  /// refused (401, 403) is sent once more where the signature's file holds a new one. `unauthenticated` where
  /// the refused one has expired.
  void start(HttpRequest request, OnResponse done) override;

 private:
  using Signature = std::shared_ptr<const SasFields>;

  void send(HttpRequest request, const Signature& signature, OnResponse done);
  Result<HttpResponse> explained(Result<HttpResponse> response, const SasFields& used);

  HttpTransport& next_;
  Clock& clock_;
  const std::unique_ptr<CurrentSas> signatures_;
};

}  // namespace blobmount
