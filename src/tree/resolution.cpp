#include "tree/resolution.hpp"

#include <memory>
#include <utility>

#include "base/annotated_mutex.hpp"
#include "tree/page_stream.hpp"

namespace blobmount {
namespace {

/// A name that the service takes for no blob's is absent, too.
bool is_absent(const Error& error) {
  return error.code == ErrorCode::not_found || error.code == ErrorCode::invalid_argument ||
         error.code == ErrorCode::name_too_long;
}

Resolved resolved(const std::string& name, BlobProperties properties) {
  auto entry = entry_of(name, properties);
  return {std::move(entry), std::make_shared<const BlobDetails>(std::move(properties.details))};
}

/// One name being resolved; kept alive by the two answers it waits for.
class Resolution : public std::enable_shared_from_this<Resolution> {
 public:
  Resolution(BlobStore& store, const Location& directory, std::string name, Completion<Resolved> done)
      : store_(store),
        file_(directory.child_file(name)),
        directory_(directory.child_directory(name)),
        name_(std::move(name)),
        done_(std::move(done)) {}

  void start() {
    store_.get_properties(
        file_.container, file_.path, [self = shared_from_this()](Result<BlobProperties> properties) {
          const auto arrived = [&](Resolution& r) { r.properties_ = std::move(properties); };
          self->take(arrived);
        });
    find_below("");
  }

 private:
  /// `repeats`: so often a page with nothing in it has named itself as the next one.
  void find_below(const std::string& marker, int repeats = 0) {
    store_.list_blobs(
        {.container = directory_.container, .prefix = directory_.path, .marker = marker, .max_results = 1},
        [self = shared_from_this(), marker, repeats](Result<BlobPage> page) {
          const bool undecided =
              page && page->blobs.empty() && page->prefixes.empty() && !page->next_marker.empty();
          const bool stands_still = undecided && page->next_marker == marker;
          if (stands_still && repeats == most_page_repeats) {
            page = listing_stands_still();
          } else if (undecided) {
            return self->find_below(page->next_marker, stands_still ? repeats + 1 : 0);
          }
          self->take([&](Resolution& r) { r.below_ = std::move(page); });
        });
  }

  template <typename Store>
  void take(const Store& store_answer) BM_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      store_answer(*this);
      if (--missing_ > 0) return;
    }
    // both answers are there, so nobody writes any more
    done_(conclusion());
  }

  Result<Resolved> conclusion() {
    if (below_ && !below_->blobs.empty()) return Resolved{directory_entry(name_, marker_time())};
    if (properties_ && !could_be_directory()) return resolved(name_, *std::move(properties_));
    if (properties_) return look_up_failed(below_.error());
    if (!is_absent(properties_.error())) return look_up_failed(properties_.error());
    if (!below_ && !is_absent(below_.error())) return look_up_failed(below_.error());
    return Resolved{};
  }

  /// The directory wins, so a blob is not known to be a file before the listing has said that nothing is
  /// below. A role that may read and not list does not get to know.
  [[nodiscard]] bool could_be_directory() const {
    return !below_ && !is_absent(below_.error()) && below_.error().code != ErrorCode::permission_denied;
  }

  [[nodiscard]] std::optional<WallTime> marker_time() const {
    if (properties_ && properties_->is_directory_marker) return properties_->last_modified;
    const auto& first = below_->blobs.front();
    return first.name == directory_.path ? std::optional(first.properties.last_modified) : std::nullopt;
  }

  [[nodiscard]] Error look_up_failed(Error error) const {
    return std::move(error).within("look up '" + file_.to_string() + "'");
  }

  BlobStore& store_;
  const Location file_;
  const Location directory_;
  const std::string name_;
  const Completion<Resolved> done_;

  Mutex mutex_;
  int missing_ = 2;
  Result<BlobProperties> properties_ = Error{};
  Result<BlobPage> below_ = Error{};
};

void resolve_container(BlobStore& store, const std::string& name, Completion<Resolved> done) {
  store.get_container(name, [name, done = std::move(done)](Result<ContainerProperties> container) {
    if (container) return done(Resolved{directory_entry(name, container->last_modified)});
    if (is_absent(container.error())) return done(Resolved{});
    done(std::move(container).error().within("look up container '" + name + "'"));
  });
}

}  // namespace

void resolve_name(BlobStore& store, const Location& directory, const std::string& name,
                  Completion<Resolved> done) {
  if (directory.is_account()) return resolve_container(store, name, std::move(done));
  std::make_shared<Resolution>(store, directory, name, std::move(done))->start();
}

void resolve_blob(BlobStore& store, const Location& directory, const std::string& name,
                  Completion<Resolved> done) {
  const auto file = directory.child_file(name);
  store.get_properties(
      file.container, file.path,
      [&store, directory, name, done = std::move(done)](Result<BlobProperties> properties) {
        const bool still_a_file = properties && !properties->is_directory_marker;
        if (still_a_file) return done(resolved(name, *std::move(properties)));
        if (properties || is_absent(properties.error())) return resolve_name(store, directory, name, done);
        done(std::move(properties).error().within("look up '" + directory.to_string() + name + "'"));
      });
}

}  // namespace blobmount
