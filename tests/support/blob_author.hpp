#pragma once

/// Writes the containers and blobs that tests then read, straight to Azurite, with a token of the tests' own.

#include <map>
#include <string>
#include <string_view>

#include "blobmount/http.hpp"

#include "support/azurite.hpp"
#include "support/http_client.hpp"

namespace blobmount::tests {

/// Used by one thread at a time. Every call throws std::runtime_error where the service refuses.
class BlobAuthor {
 public:
  explicit BlobAuthor(const Azurite& azurite);
  BlobAuthor(const Url& endpoint, const std::string& ca_file);

  void create_container(const std::string& container);
  /// One that everybody may list and read.
  void create_public_container(const std::string& container);
  void delete_container(const std::string& container);

  /// Write a whole blob, over the one of that name. Returns its ETag.
  std::string put(const std::string& container, const std::string& blob, std::string_view content,
                  const std::map<std::string, std::string>& metadata = {});
  void set_tier(const std::string& container, const std::string& blob, const std::string& tier);
  void remove(const std::string& container, const std::string& blob);

 private:
  HttpResponse send(const std::string& method, const std::string& container, const std::string& blob,
                    const std::string& query, std::vector<std::string> headers, std::string_view body);

  const std::string endpoint_;
  const std::string ca_file_;
  HttpClient client_;
};

}  // namespace blobmount::tests
