#pragma once

/// The extended attributes of a blob: `user.blob.*`.

#include <string>
#include <string_view>
#include <vector>

#include "blobmount/blob_store.hpp"
#include "blobmount/file_system.hpp"
#include "blobmount/http.hpp"

#include "tree/names.hpp"

namespace blobmount {

/// What a listing does not say.
inline constexpr std::string_view version_id_attribute = "user.blob.version_id";

/// In a fixed order; what the service did not say is left out.
std::vector<ExtendedAttribute> blob_attributes(const Url& account, const Location& blob,
                                               const std::string& etag, const BlobDetails& details);

}  // namespace blobmount
