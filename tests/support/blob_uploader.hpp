#pragma once

/// Fills a Blob service for tests: containers and blobs are put and deleted, one blocking call each.

#include <string>
#include <string_view>

#include "blobmount/http.hpp"

namespace blobmount::tests {

/// Each call throws std::runtime_error with the service's answer where that is not success.
class BlobUploader {
 public:
  /// `transport` signs what it sends; `endpoint` is the account's.
  BlobUploader(HttpTransport& transport, Url endpoint)
      : transport_(transport), endpoint_(std::move(endpoint)) {}

  void create_container(const std::string& name);
  void delete_container(const std::string& name);
  /// Up to 5,000 MiB; `headers` may hold metadata (x-ms-meta-NAME) and others of Put Blob.
  void put(const std::string& container, const std::string& blob, std::string content,
           const HttpHeaders& headers = {});
  void put_directory_marker(const std::string& container, const std::string& blob);
  void set_tier(const std::string& container, const std::string& blob, const std::string& tier);
  void remove(const std::string& container, const std::string& blob);

 private:
  void send(std::string_view activity, HttpRequest request);
  [[nodiscard]] HttpRequest request_to(std::string method, const std::string& container,
                                       const std::string& blob) const;

  HttpTransport& transport_;
  const Url endpoint_;
};

}  // namespace blobmount::tests
