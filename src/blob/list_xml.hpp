#pragma once

/// The XML of List Blobs and List Containers. Takes the body over and reads it in place. Anything else than
/// what the service writes is `corrupt`, with a sentence that says what is wrong.
/// https://learn.microsoft.com/rest/api/storageservices/list-blobs#response-body

#include <optional>
#include <string>
#include <string_view>

#include "blobmount/blob_store.hpp"

namespace blobmount {

Result<BlobPage> parse_blob_page(std::string body);
Result<ContainerPage> parse_container_page(std::string body);

/// The marker that parse_blob_page() will find in a page that the service wrote, from the page's last few
/// bytes alone. Nothing where there is none, or where the page ends in another way than the service's do.
std::optional<std::string> next_marker_of(std::string_view body);

}  // namespace blobmount
