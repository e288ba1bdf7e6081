#pragma once

/// What is known of one name in a directory.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "blobmount/blob_store.hpp"
#include "blobmount/file_system.hpp"

namespace blobmount {

/// A value. `etag` is empty for a directory.
struct KnownEntry {
  std::string name{};
  FileKind kind = FileKind::file;
  std::uint64_t size = 0;
  std::optional<WallTime> modified{};  ///< a prefix has no time of its own
  std::string etag{};
  bool archived = false;  ///< its bytes cannot be read before it has been rehydrated

  bool operator==(const KnownEntry&) const = default;
};

KnownEntry directory_entry(std::string_view name, std::optional<WallTime> modified = {});
/// A marker blob becomes a directory.
KnownEntry entry_of(std::string_view name, const BlobProperties& properties);
/// Whether both stand for the same bytes, or the same directory.
bool same_version(const KnownEntry& one, const KnownEntry& other);

}  // namespace blobmount
