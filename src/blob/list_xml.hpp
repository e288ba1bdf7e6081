#pragma once

/// The XML of List Blobs and List Containers. Takes the body over and reads it in place. Anything else than
/// what the service writes is `corrupt`, with a sentence that says what is wrong.
/// https://learn.microsoft.com/rest/api/storageservices/list-blobs#response-body

#include <string>

#include "blobmount/blob_store.hpp"

namespace blobmount {

Result<BlobPage> parse_blob_page(std::string body);
Result<ContainerPage> parse_container_page(std::string body);

}  // namespace blobmount
