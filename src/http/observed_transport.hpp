#pragma once

/// One log event for each try, at level debug: what was asked of whom, what came, how long it took. Shows no
/// header and no query but what is listed in the source, so no credential.

#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"

#include "base/log.hpp"

namespace blobmount {

class ObservedTransport final : public HttpTransport {
 public:
  ObservedTransport(HttpTransport& next, Clock& clock, Log& log) : next_(next), clock_(clock), log_(log) {}

  void start(HttpRequest request, OnResponse done) override;

 private:
  HttpTransport& next_;
  Clock& clock_;
  Log& log_;
};

}  // namespace blobmount
