#include "auth/sas_transport.hpp"

#include <memory>
#include <string>
#include <utility>

namespace blobmount {
namespace {

/// An expired signature is a 403, and some of what stands in for the service says 401. The other reasons to
/// say 403, such as a missing permission, a new signature may cure as well.
bool refused(const Result<HttpResponse>& response) {
  return response && (response->status == 401 || response->status == 403);
}

}  // namespace

void SasTransport::start(HttpRequest request, OnResponse done) {
  if (!keeps_secrets(request.url)) {
    return done(Error{ErrorCode::invalid_argument, "a shared access signature is not sent over plain " +
                                                       request.url.scheme + " to " + request.url.host +
                                                       ": use an https endpoint"});
  }
  const auto signature = signatures_->get();
  auto again = request;
  send(std::move(request), signature,
       [this, signature, again = std::move(again), done = std::move(done)](Result<HttpResponse> response) {
         const auto next = refused(response) ? signatures_->replacement_of(signature) : nullptr;
         if (!next) return done(explained(std::move(response), *signature));
         send(again, next,
              [this, next, done](Result<HttpResponse> second) { done(explained(std::move(second), *next)); });
       });
}

void SasTransport::send(HttpRequest request, const Signature& signature, OnResponse done) {
  for (const auto& [name, value] : signature->fields) request.url.query.emplace_back(name, value.reveal());
  next_.start(std::move(request), std::move(done));
}

Result<HttpResponse> SasTransport::explained(Result<HttpResponse> response, const SasFields& used) {
  if (!refused(response) || !is_expired(used, clock_.wall_now())) return response;
  const auto field = [&](const char* name) { return std::string(response->headers.get(name).value_or("")); };
  return Error{ErrorCode::unauthenticated,
               "the service refuses the shared access signature (HTTP " + std::to_string(response->status) +
                   "), which expired at " + used.expires + ": make a new one",
               std::make_shared<const FailedRequest>(FailedRequest{.status = response->status,
                                                                   .service_code = field("x-ms-error-code"),
                                                                   .id = field("x-ms-request-id")})};
}

}  // namespace blobmount
