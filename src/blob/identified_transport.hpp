#pragma once

/// Tells the service who asks, and gives each try an id, by which both its logs and ours find it again.
/// Stands below the retries, so that each try has its own, and above authorization, which signs the id.

#include <memory>
#include <string>
#include <utility>

#include "blobmount/http.hpp"

#include "blob/request_ids.hpp"

namespace blobmount {

class IdentifiedTransport final : public HttpTransport {
 public:
  /// `suffix` stands in User-Agent behind "blobmount/VERSION"; empty: nothing does.
  IdentifiedTransport(std::unique_ptr<HttpTransport> next, const std::string& suffix);

  /// The answer has the id as header x-ms-client-request-id, whether or not the service repeats it; an Error
  /// has it in Error::request.
  void start(HttpRequest request, OnResponse done) override;

 private:
  const std::unique_ptr<HttpTransport> next_;
  const std::string user_agent_;
  RequestIds ids_;
};

}  // namespace blobmount
