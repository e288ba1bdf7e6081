#pragma once

/// Lists a directory to the end, page after page; the next one is asked for as soon as it is known.

#include <memory>
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
/// returns. When nobody holds `snapshot` any more, it ends early, with `cancelled`. `store`, `clock` and
/// `filter` outlive it.
void list_directory(BlobStore& store, Clock& clock, const ContainerFilter& filter, const Location& directory,
                    std::weak_ptr<DirectorySnapshot> snapshot, Completion<void> done);

/// A listing for somebody who may come: its first page, and the others when he has. Safe to use from any
/// thread.
class ListingAhead {
 public:
  virtual ~ListingAhead() = default;
  /// Ask for the first page.
  virtual void start() = 0;
  /// Somebody reads it: ask for the others, too. From then on it goes on by itself.
  virtual void go_on() = 0;
};

/// As list_directory(), of what is not an account, once it is started. It ends, with `cancelled`, when it is
/// let go of before it was to go on.
std::shared_ptr<ListingAhead> listing_ahead(BlobStore& store, Clock& clock, const ContainerFilter& filter,
                                            const Location& directory,
                                            std::weak_ptr<DirectorySnapshot> snapshot, Completion<void> done);

}  // namespace blobmount
