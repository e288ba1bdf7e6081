#include "blob/blob_requests.hpp"

#include <algorithm>

namespace blobmount {
namespace {

/// The oldest version that writes every blob name so that XML can hold it (2021-02-12) and knows the tier
/// Cold; of what came later nothing is needed yet, and older services and emulators take this one.
/// https://learn.microsoft.com/rest/api/storageservices/version-2021-12-02
constexpr auto api_version = "2021-12-02";

// No Accept-Encoding: lengths and ranges must be those of the blob.
HttpRequest request_to(std::string_view operation, std::string method, Url url) {
  return {.operation = operation,
          .method = std::move(method),
          .url = std::move(url),
          .headers = {{"x-ms-version", api_version}}};
}

void add_if_any(Url& url, std::string_view name, const std::string& value) {
  if (!value.empty()) url.query.emplace_back(name, value);
}

}  // namespace

bool can_name_container(std::string_view name) {
  if (name.starts_with('$')) name.remove_prefix(1);  // $root, $web, $logs
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return name.size() >= 3 && name.size() <= 63 && std::all_of(name.begin(), name.end(), allowed);
}

bool can_name_blob(std::string_view name) {
  if (name.empty()) return false;
  while (true) {
    const auto slash = name.find('/');
    const auto component = name.substr(0, slash);
    if (component == "." || component == "..") return false;
    if (slash == name.npos) return true;
    name.remove_prefix(slash + 1);
  }
}

Url blob_url(const Url& endpoint, std::string_view container, std::string_view blob) {
  auto url = endpoint;
  if (!url.path.ends_with('/')) url.path += '/';
  url.path += percent_encode(container, false);
  if (!blob.empty()) url.path.append("/").append(percent_encode(blob, true));
  return url;
}

HttpRequest list_containers_request(const Url& endpoint, const ListContainersQuery& query) {
  auto url = blob_url(endpoint, "", "");
  url.query.emplace_back("comp", "list");
  url.query.emplace_back("maxresults", std::to_string(query.max_results));
  add_if_any(url, "marker", query.marker);
  return request_to("list_containers", "GET", std::move(url));
}

HttpRequest get_container_request(const Url& endpoint, std::string_view container) {
  auto url = blob_url(endpoint, container, "");
  url.query.emplace_back("restype", "container");
  return request_to("get_container_properties", "HEAD", std::move(url));
}

HttpRequest list_blobs_request(const Url& endpoint, const ListBlobsQuery& query) {
  auto url = blob_url(endpoint, query.container, "");
  url.query.emplace_back("restype", "container");
  url.query.emplace_back("comp", "list");
  url.query.emplace_back("include", "metadata");  // hdi_isfolder stands there
  url.query.emplace_back("maxresults", std::to_string(query.max_results));
  add_if_any(url, "prefix", query.prefix);
  add_if_any(url, "delimiter", query.delimiter);
  add_if_any(url, "marker", query.marker);
  return request_to("list_blobs", "GET", std::move(url));
}

HttpRequest get_properties_request(const Url& endpoint, std::string_view container, std::string_view blob) {
  return request_to("get_blob_properties", "HEAD", blob_url(endpoint, container, blob));
}

HttpRequest read_request(const Url& endpoint, const BlobVersion& version, ByteRange range) {
  auto request = request_to("get_blob", "GET", blob_url(endpoint, version.container, version.blob));
  request.headers.add("If-Match", version.etag);
  request.range = range;
  return request;
}

HttpLimits limits_for(std::uint64_t length, Duration stall_timeout) {
  return {.stall = stall_timeout, .total = stall_timeout + patience_for(length)};
}

}  // namespace blobmount
