#pragma once

/// What the headers of an answer say about a blob or a container.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "blobmount/blob_store.hpp"
#include "blobmount/http.hpp"

namespace blobmount {

/// Whether the service wrote them; a proxy or a captive portal, which may answer with any status, did not.
bool from_blob_storage(const HttpHeaders& headers);

/// For an answer that somebody else wrote.
Error not_from_blob_storage();

/// `corrupt`, with a sentence, where a field that each answer has is missing or unreadable.
Result<BlobProperties> parse_blob_properties(const HttpHeaders& headers);
Result<ContainerProperties> parse_container_properties(std::string name, const HttpHeaders& headers);

/// Whether metadata mark a blob as a directory: hdi_isfolder=true, without case.
bool marks_directory(std::span<const std::pair<std::string, std::string>> metadata);

/// Listings of newer versions leave out the quotes that headers have; blobmount always has them.
std::string quoted_etag(std::string_view etag);

std::optional<std::uint64_t> parse_size(std::string_view digits);

/// "bytes 0-99/1234"
struct ContentRange {
  ByteRange range;
  std::uint64_t total = 0;  ///< bytes of the whole blob
};
std::optional<ContentRange> parse_content_range(std::string_view text);

}  // namespace blobmount
