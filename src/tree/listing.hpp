#pragma once

/// Lists a directory to the end, page after page.

#include "blobmount/blob_store.hpp"

#include "tree/directory_snapshot.hpp"
#include "tree/names.hpp"

namespace blobmount {

/// As the calls of BlobStore: `done` runs once, maybe before this returns. `store` and `clock` outlive it.
void list_directory(BlobStore& store, Clock& clock, const Location& directory,
                    Completion<DirectorySnapshot> done);

}  // namespace blobmount
