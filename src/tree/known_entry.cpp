#include "tree/known_entry.hpp"

namespace blobmount {

KnownEntry directory_entry(std::string_view name, std::optional<WallTime> modified) {
  return {.name = std::string(name), .kind = FileKind::directory, .modified = modified};
}

KnownEntry entry_of(std::string_view name, const BlobProperties& properties) {
  if (properties.is_directory_marker) return directory_entry(name, properties.last_modified);
  return {.name = std::string(name),
          .kind = FileKind::file,
          .size = properties.size,
          .modified = properties.last_modified,
          .etag = properties.etag,
          .archived = properties.details.archived()};
}

bool same_version(const KnownEntry& one, const KnownEntry& other) {
  return one.kind == other.kind && one.etag == other.etag;
}

}  // namespace blobmount
