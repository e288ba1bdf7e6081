#include "support/blob_author.hpp"

#include <stdexcept>
#include <utility>

#include "fakes/access_token.hpp"

namespace blobmount::tests {
namespace {

/// The tests' own, so that a mistake in blobmount's is not made twice and unseen.
std::string encoded(std::string_view text) {
  static constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (plain.find(c) != std::string_view::npos) {
      result += c;
    } else {
      result.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
  }
  return result;
}

}  // namespace

BlobAuthor::BlobAuthor(const Azurite& azurite) : BlobAuthor(azurite.endpoint(), azurite.ca_file()) {}

BlobAuthor::BlobAuthor(const Url& endpoint, const std::string& ca_file)
    : endpoint_(endpoint.scheme + "://" + endpoint.host + ":" + std::to_string(endpoint.port) +
                endpoint.path),
      ca_file_(ca_file) {}

void BlobAuthor::create_container(const std::string& container) {
  send("PUT", container, "", "?restype=container", {}, "");
}

void BlobAuthor::create_public_container(const std::string& container) {
  send("PUT", container, "", "?restype=container", {"x-ms-blob-public-access: container"}, "");
}

void BlobAuthor::delete_container(const std::string& container) {
  send("DELETE", container, "", "?restype=container", {}, "");
}

std::string BlobAuthor::put(const std::string& container, const std::string& blob, std::string_view content,
                            const std::map<std::string, std::string>& metadata) {
  std::vector<std::string> headers{"x-ms-blob-type: BlockBlob", "Content-Type: application/octet-stream"};
  for (const auto& [name, value] : metadata) headers.push_back("x-ms-meta-" + name + ": " + value);
  const auto response = send("PUT", container, blob, "", std::move(headers), content);
  return std::string(response.headers.get("ETag").value_or(""));
}

void BlobAuthor::set_tier(const std::string& container, const std::string& blob, const std::string& tier) {
  send("PUT", container, blob, "?comp=tier", {"x-ms-access-tier: " + tier}, "");
}

void BlobAuthor::remove(const std::string& container, const std::string& blob) {
  send("DELETE", container, blob, "", {}, "");
}

HttpResponse BlobAuthor::send(const std::string& method, const std::string& container,
                              const std::string& blob, const std::string& query,
                              std::vector<std::string> headers, std::string_view body) {
  headers.push_back("x-ms-version: 2023-11-03");
  headers.push_back("Authorization: Bearer " + author_token());
  headers.push_back("Expect:");  // no round trip in front of a body
  auto url = endpoint_ + "/" + encoded(container);
  if (!blob.empty()) url += "/" + encoded(blob);
  auto response = client_.send({.method = method,
                                .url = url + query,
                                .headers = std::move(headers),
                                .body = std::string(body),
                                .ca_file = ca_file_});
  if (response.status / 100 == 2) return response;
  throw std::runtime_error(method + " " + container + "/" + blob + ": " + std::to_string(response.status) +
                           " " + response.body);
}

}  // namespace blobmount::tests
