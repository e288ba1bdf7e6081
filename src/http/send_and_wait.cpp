#include <future>

#include "blobmount/http.hpp"

namespace blobmount {

Result<HttpResponse> send_and_wait(HttpTransport& transport, HttpRequest request) {
  // shared: the transport may still hold its copy of the callback when the answer is taken
  const auto answer = std::make_shared<std::promise<Result<HttpResponse>>>();
  auto arrival = answer->get_future();
  transport.start(std::move(request),
                  [answer](Result<HttpResponse> outcome) { answer->set_value(std::move(outcome)); });
  return arrival.get();
}

}  // namespace blobmount
