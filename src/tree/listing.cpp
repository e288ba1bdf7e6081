#include "tree/listing.hpp"

#include <memory>
#include <utility>

namespace blobmount {
namespace {

/// One listing under way; kept alive by the page it waits for.
class Listing : public std::enable_shared_from_this<Listing> {
 public:
  Listing(BlobStore& store, Clock& clock, Location directory, Completion<DirectorySnapshot> done)
      : store_(store),
        clock_(clock),
        directory_(std::move(directory)),
        asked_(clock.now()),
        builder_(directory_.path),
        done_(std::move(done)) {}

  void next_page(std::string marker) {
    if (directory_.is_account()) {
      store_.list_containers({.marker = std::move(marker)},
                             [self = shared_from_this()](auto page) { self->take(std::move(page)); });
    } else {
      store_.list_blobs({.container = directory_.container,
                         .prefix = directory_.path,
                         .delimiter = "/",
                         .marker = std::move(marker)},
                        [self = shared_from_this()](auto page) { self->take(std::move(page)); });
    }
  }

 private:
  template <typename Page>
  void take(Result<Page> page) {
    if (!page) return done_(std::move(page).error().within("list '" + directory_.to_string() + "'"));
    builder_.add(*page);
    // a page may be empty and still have a next one
    if (page->next_marker.empty()) return done_(std::move(builder_).finish(asked_, clock_.now()));
    next_page(std::move(page->next_marker));
  }

  BlobStore& store_;
  Clock& clock_;
  const Location directory_;
  const SteadyTime asked_;
  SnapshotBuilder builder_;
  const Completion<DirectorySnapshot> done_;
};

}  // namespace

void list_directory(BlobStore& store, Clock& clock, const Location& directory,
                    Completion<DirectorySnapshot> done) {
  std::make_shared<Listing>(store, clock, directory, std::move(done))->next_page("");
}

}  // namespace blobmount
