#include "blob/blob_headers.hpp"

#include <algorithm>
#include <charconv>

#include <strings.h>

#include "blob/http_date.hpp"

namespace blobmount {
namespace {

bool same_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

Error unusable(std::string_view header) {
  return {ErrorCode::corrupt, "the answer has no usable header " + std::string(header)};
}

std::string text_of(const HttpHeaders& headers, std::string_view name) {
  return std::string(headers.get(name).value_or(""));
}

std::vector<std::pair<std::string, std::string>> parse_metadata(const HttpHeaders& headers) {
  static constexpr std::string_view prefix = "x-ms-meta-";
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [name, value] : headers) {
    if (name.size() > prefix.size() &&
        same_without_case(std::string_view(name).substr(0, prefix.size()), prefix)) {
      fields.emplace_back(name.substr(prefix.size()), value);
    }
  }
  std::sort(fields.begin(), fields.end());
  return fields;
}

BlobDetails parse_details(const HttpHeaders& headers) {
  // with a part of a blob, Content-MD5 would be the part's
  auto md5 = text_of(headers, "x-ms-blob-content-md5");
  if (md5.empty()) md5 = text_of(headers, "Content-MD5");
  return {.type = text_of(headers, "x-ms-blob-type"),
          .access_tier = text_of(headers, "x-ms-access-tier"),
          .content_type = text_of(headers, "Content-Type"),
          .content_md5 = std::move(md5),
          .version_id = text_of(headers, "x-ms-version-id"),
          .metadata = parse_metadata(headers)};
}

Result<WallTime> parse_last_modified(const HttpHeaders& headers) {
  const auto time = parse_http_date(headers.get("Last-Modified").value_or(""));
  if (!time) return unusable("Last-Modified");
  return *time;
}

}  // namespace

bool from_blob_storage(const HttpHeaders& headers) {
  return headers.get("x-ms-request-id") || headers.get("x-ms-version");
}

Error not_from_blob_storage() {
  return {
      ErrorCode::corrupt,
      "the answer is not from Azure Blob Storage: is there a proxy or a sign-in page in between, or another "
      "service at this address?"};
}

Result<BlobProperties> parse_blob_properties(const HttpHeaders& headers) {
  if (!from_blob_storage(headers)) return not_from_blob_storage();
  const auto etag = headers.get("ETag").value_or("");
  if (etag.empty()) return unusable("ETag");
  const auto size = parse_size(headers.get("Content-Length").value_or(""));
  if (!size) return unusable("Content-Length");
  BM_ASSIGN(last_modified, parse_last_modified(headers));
  auto details = parse_details(headers);
  // the resource type: where the account has a hierarchical namespace
  const bool is_directory =
      marks_directory(details.metadata) || headers.get("x-ms-resource-type") == "directory";
  return BlobProperties{.etag = quoted_etag(etag),
                        .size = *size,
                        .last_modified = last_modified,
                        .is_directory_marker = is_directory,
                        .details = std::move(details)};
}

Result<ContainerProperties> parse_container_properties(std::string name, const HttpHeaders& headers) {
  if (!from_blob_storage(headers)) return not_from_blob_storage();
  BM_ASSIGN(last_modified, parse_last_modified(headers));
  return ContainerProperties{.name = std::move(name), .last_modified = last_modified};
}

bool marks_directory(std::span<const std::pair<std::string, std::string>> metadata) {
  return std::any_of(metadata.begin(), metadata.end(), [](const auto& field) {
    return same_without_case(field.first, "hdi_isfolder") && same_without_case(field.second, "true");
  });
}

std::string quoted_etag(std::string_view etag) {
  if (etag.starts_with('"') || etag.starts_with("W/")) return std::string(etag);
  return std::string("\"").append(etag).append("\"");
}

std::optional<std::uint64_t> parse_size(std::string_view digits) {
  std::uint64_t value = 0;
  const auto end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
  static constexpr std::string_view unit = "bytes ";
  if (!text.starts_with(unit)) return std::nullopt;
  text.remove_prefix(unit.size());
  const auto dash = text.find('-');
  const auto slash = text.find('/');
  if (dash == text.npos || slash == text.npos || slash < dash) return std::nullopt;

  const auto first = parse_size(text.substr(0, dash));
  const auto last = parse_size(text.substr(dash + 1, slash - dash - 1));
  const auto total = parse_size(text.substr(slash + 1));
  if (!first || !last || !total || *first > *last || *last >= *total) return std::nullopt;
  return ContentRange{.range = {*first, *last - *first + 1}, .total = *total};
}

}  // namespace blobmount
