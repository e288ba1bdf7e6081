#pragma once

/// Signs each request with the account's key, on its way down. Stands below the retries, so that each try has
/// a date and a signature of its own.

#include <memory>
#include <string>

#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"
#include "blobmount/http.hpp"

namespace blobmount {

class SharedKeyTransport final : public HttpTransport {
 public:
  /// invalid_argument, without showing the key, where it is not base64.
  static Result<std::unique_ptr<SharedKeyTransport>> create(HttpTransport& next, Clock& clock,
                                                            std::string account, const SharedKey& key);

  /// A request that would travel in the clear, to another machine, is not sent: invalid_argument.
  void start(HttpRequest request, OnResponse done) override;

 private:
  SharedKeyTransport(HttpTransport& next, Clock& clock, std::string account, Secret key)
      : next_(next), clock_(clock), account_(std::move(account)), key_(std::move(key)) {}

  HttpTransport& next_;
  Clock& clock_;
  const std::string account_;
  const Secret key_;  ///< binary
};

}  // namespace blobmount
