#pragma once

/// Signs nothing: for what everybody may read.

#include <utility>

#include "blobmount/http.hpp"

namespace blobmount {

class AnonymousTransport final : public HttpTransport {
 public:
  explicit AnonymousTransport(HttpTransport& next) : next_(next) {}

  void start(HttpRequest request, OnResponse done) override {
    next_.start(std::move(request), std::move(done));
  }

 private:
  HttpTransport& next_;
};

}  // namespace blobmount
