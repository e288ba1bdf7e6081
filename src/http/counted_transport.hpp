#pragma once

/// Counts each try: what it was, how it ended, how long it took, what came.

#include "blobmount/http.hpp"

#include "http/request_counts.hpp"

namespace blobmount {

class CountedTransport final : public HttpTransport {
 public:
  CountedTransport(HttpTransport& next, Clock& clock) : next_(next), clock_(clock) {}

  void start(HttpRequest request, OnResponse done) override;
  [[nodiscard]] const RequestCounts& counts() const { return counts_; }

 private:
  HttpTransport& next_;
  Clock& clock_;
  RequestCounts counts_;
};

}  // namespace blobmount
