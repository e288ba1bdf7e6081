#pragma once

/// Names for requests, as x-ms-client-request-id has them: none is used twice, and all of a mount begin
/// alike. https://learn.microsoft.com/rest/api/storageservices/troubleshooting-api-operations

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace blobmount {

/// Safe to use from any thread.
class RequestIds {
 public:
  /// Of this mount, by chance.
  RequestIds();
  explicit RequestIds(std::uint64_t mount);

  /// "3f2a91c0-7d1e-4b6a-9c55-000000000001": a UUID (RFC 4122, version 4), of which the last part counts.
  std::string next();

 private:
  const std::string mount_;  ///< "3f2a91c0-7d1e-4b6a-9c55-"
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace blobmount
