#include "http/counted_transport.hpp"

namespace blobmount {

void CountedTransport::start(HttpRequest request, OnResponse done) {
  counts_.began(request);
  const auto began = clock_.now();
  // a sink that is resumed has taken some already
  const auto before = request.sink ? request.sink->received() : 0;
  auto counted = [this, began, before, operation = request.operation, sink = request.sink,
                  done = std::move(done)](Result<HttpResponse> outcome) {
    const auto received = (sink ? sink->received() - before : 0) + (outcome ? outcome->body.size() : 0);
    counts_.ended(operation, outcome, received, clock_.now() - began);
    done(std::move(outcome));
  };
  next_.start(std::move(request), std::move(counted));
}

}  // namespace blobmount
