#include "support/blob_uploader.hpp"

#include <stdexcept>

namespace blobmount::tests {

void BlobUploader::create_container(const std::string& name) {
  auto request = request_to("PUT", name, "");
  request.url.query = {{"restype", "container"}};
  send("create container " + name, std::move(request));
}

void BlobUploader::delete_container(const std::string& name) {
  auto request = request_to("DELETE", name, "");
  request.url.query = {{"restype", "container"}};
  send("delete container " + name, std::move(request));
}

void BlobUploader::put(const std::string& container, const std::string& blob, std::string content,
                       const HttpHeaders& headers) {
  auto request = request_to("PUT", container, blob);
  request.headers.set("x-ms-blob-type", "BlockBlob");
  request.headers.set("Content-Type", "application/octet-stream");
  for (const auto& [name, value] : headers) request.headers.set(name, value);
  request.body = std::move(content);
  send("put " + blob, std::move(request));
}

void BlobUploader::put_directory_marker(const std::string& container, const std::string& blob) {
  put(container, blob, "", {{"x-ms-meta-hdi_isfolder", "true"}});
}

void BlobUploader::set_tier(const std::string& container, const std::string& blob, const std::string& tier) {
  auto request = request_to("PUT", container, blob);
  request.url.query = {{"comp", "tier"}};
  request.headers.set("x-ms-access-tier", tier);
  send("set the tier of " + blob, std::move(request));
}

void BlobUploader::remove(const std::string& container, const std::string& blob) {
  send("delete " + blob, request_to("DELETE", container, blob));
}

HttpRequest BlobUploader::request_to(std::string method, const std::string& container,
                                     const std::string& blob) const {
  auto url = endpoint_;
  if (!url.path.ends_with('/')) url.path += '/';
  url.path += percent_encode(container, false);
  if (!blob.empty()) url.path.append("/").append(percent_encode(blob, true));
  return {.method = std::move(method), .url = std::move(url), .headers = {{"x-ms-version", "2021-12-02"}}};
}

void BlobUploader::send(std::string_view activity, HttpRequest request) {
  const auto answer = send_and_wait(transport_, std::move(request));
  if (answer && answer->status / 100 == 2) return;
  const auto reason =
      answer ? "HTTP " + std::to_string(answer->status) + " " + answer->body : answer.error().message;
  throw std::runtime_error(std::string(activity) + ": " + reason);
}

}  // namespace blobmount::tests
