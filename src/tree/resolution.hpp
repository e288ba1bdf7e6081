#pragma once

/// Finds out what a single name is, where no listing has said it: HEAD `name` and List `name/` (one result),
/// at the same time. A listing with prefix `name` would not do: any number of siblings sort between `name`
/// and `name/`.

#include <optional>
#include <string>

#include "blobmount/blob_store.hpp"

#include "tree/directory_snapshot.hpp"
#include "tree/names.hpp"

namespace blobmount {

/// As the calls of BlobStore: `done` runs once, maybe before this returns. `store` outlives it. Nothing:
/// absent.
void resolve_name(BlobStore& store, const Location& directory, const std::string& name,
                  Completion<std::optional<KnownEntry>> done);

}  // namespace blobmount
