#pragma once

/// Finds out what a single name is, where no listing has said it: HEAD `name` and List `name/` (one result),
/// at the same time. A listing with prefix `name` would not do: any number of siblings sort between `name`
/// and `name/`.

#include <memory>
#include <optional>
#include <string>

#include "blobmount/blob_store.hpp"

#include "tree/known_entry.hpp"
#include "tree/names.hpp"

namespace blobmount {

struct Resolved {
  std::optional<KnownEntry> entry{};             ///< nothing: absent
  std::shared_ptr<const BlobDetails> details{};  ///< of a file
};

/// As the calls of BlobStore: `done` runs once, maybe before this returns. `store` outlives it.
void resolve_name(BlobStore& store, const Location& directory, const std::string& name,
                  Completion<Resolved> done);

/// The same for a name that was a blob's: HEAD alone, as long as there is such a blob. That it might have
/// become a directory beside the blob is left for a listing to find.
void resolve_blob(BlobStore& store, const Location& directory, const std::string& name,
                  Completion<Resolved> done);

}  // namespace blobmount
