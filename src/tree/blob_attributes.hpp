#pragma once

/// The extended attributes of a blob: `user.blob.*`.

#include <string>
#include <string_view>
#include <vector>

#include "blobmount/blob_store.hpp"
#include "blobmount/file_system.hpp"
#include "blobmount/http.hpp"
#include "blobmount/local_files.hpp"

#include "tree/names.hpp"

namespace blobmount {

/// What a listing does not say.
inline constexpr std::string_view version_id_attribute = "user.blob.version_id";

/// Of what this machine keeps of the blob: told who asks by name, in no list, for it is nothing to be copied
/// along. Bytes on the disk; bytes that wait for it; "1" if the kernel may read the file by itself, else "0".
inline constexpr std::string_view cached_attribute = "user.blob.cached";
inline constexpr std::string_view unwritten_attribute = "user.blob.unwritten";
inline constexpr std::string_view checked_attribute = "user.blob.checked";

/// Whether `name` is one of those three.
bool is_local_attribute(std::string_view name);
/// The one that is called `name`; none where nothing lasts, or `files` is null.
std::vector<ExtendedAttribute> local_attribute(const std::string& name, const BlobVersion& version,
                                               LocalFiles* files);

/// In a fixed order; what the service did not say is left out.
std::vector<ExtendedAttribute> blob_attributes(const Url& account, const Location& blob,
                                               const std::string& etag, const BlobDetails& details);

}  // namespace blobmount
