#pragma once

/// What the tests of the fake Blob service share: a service, and requests to it.

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/blob_service.hpp"
#include "support/http_client.hpp"

namespace blobmount::tests {

class BlobServiceTest : public testing::Test {
 protected:
  HttpResponse ask(const std::string& method, const std::string& path,
                   std::vector<std::string> headers = {}) {
    return client_.send(
        {.method = method, .url = base() + "/devstoreaccount1" + path, .headers = std::move(headers)});
  }
  HttpResponse get(const std::string& path, std::vector<std::string> headers = {}) {
    return ask("GET", path, std::move(headers));
  }
  HttpResponse order(const std::string& method, const std::string& path, const std::string& body = {}) {
    return client_.send({.method = method, .url = base() + path, .body = body});
  }
  [[nodiscard]] std::string base() const { return "http://127.0.0.1:" + std::to_string(service_.port()); }

  static std::string code_of(const HttpResponse& response) {
    return std::string(response.headers.get("x-ms-error-code").value_or(""));
  }

  BlobService service_;
  HttpClient client_;
};

}  // namespace blobmount::tests
