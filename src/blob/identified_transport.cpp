#include "blob/identified_transport.hpp"

namespace blobmount {
namespace {

constexpr auto id_header = "x-ms-client-request-id";

Error with_client_id(Error error, const std::string& id) {
  auto request = error.request ? *error.request : FailedRequest{};
  request.client_id = id;
  error.request = std::make_shared<const FailedRequest>(std::move(request));
  return error;
}

}  // namespace

IdentifiedTransport::IdentifiedTransport(std::unique_ptr<HttpTransport> next, const std::string& suffix)
    : next_(std::move(next)),
      user_agent_("blobmount/" BLOBMOUNT_VERSION + (suffix.empty() ? "" : " " + suffix)) {}

void IdentifiedTransport::start(HttpRequest request, OnResponse done) {
  auto id = ids_.next();
  request.headers.set("User-Agent", user_agent_);
  request.headers.set(id_header, id);
  next_->start(std::move(request),
               [id = std::move(id), done = std::move(done)](Result<HttpResponse> outcome) {
                 if (!outcome) return done(with_client_id(std::move(outcome).error(), id));
                 outcome->headers.set(id_header, id);
                 done(std::move(outcome));
               });
}

}  // namespace blobmount
