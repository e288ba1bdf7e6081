#pragma once

/// Lists a directory to the end, page after page; the next one is asked for as soon as it is known.

#include <string>
#include <vector>

#include "blobmount/blob_store.hpp"
#include "blobmount/clock.hpp"

#include "tree/directory_snapshot.hpp"
#include "tree/names.hpp"

namespace blobmount {

/// Which containers of an account are shown.
class ContainerFilter {
 public:
  /// As TreeConfig::containers.
  explicit ContainerFilter(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}
  [[nodiscard]] bool shows(const std::string& container) const;
  [[nodiscard]] bool hides(const Location& directory, const std::string& name) const {
    return directory.is_account() && !shows(name);
  }

 private:
  const std::vector<std::string> patterns_;
};

/// Adds the pages to `snapshot`, and tells it the end. `done` runs once, after that, maybe before this
/// returns. When nobody but the listing holds `snapshot` any more, it ends early, with `cancelled`. `store`,
/// `clock` and `filter` outlive it.
void list_directory(BlobStore& store, Clock& clock, const ContainerFilter& filter, const Location& directory,
                    SharedSnapshot snapshot, Completion<void> done);

}  // namespace blobmount
