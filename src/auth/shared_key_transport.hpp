#pragma once

/// Signs each request with the account's key, on its way down. Stands below the retries, so that each try has
/// a date and a signature of its own.

#include <memory>
#include <string>
#include <utility>

#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"

#include "auth/current_key.hpp"

namespace blobmount {

class SharedKeyTransport final : public HttpTransport {
 public:
  SharedKeyTransport(HttpTransport& next, Clock& clock, std::string account, std::unique_ptr<CurrentKey> key)
      : next_(next), clock_(clock), account_(std::move(account)), key_(std::move(key)) {}

  /// A request that would travel in the clear, to another machine, is not sent: invalid_argument.
  void start(HttpRequest request, OnResponse done) override;

 private:
  HttpTransport& next_;
  Clock& clock_;
  const std::string account_;
  const std::unique_ptr<CurrentKey> key_;
};

}  // namespace blobmount
