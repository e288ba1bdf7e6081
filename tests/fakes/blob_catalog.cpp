#include "fakes/blob_catalog.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "fakes/synthetic_content.hpp"

namespace blobmount::tests {
namespace {

std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// A walk over the blobs of a container, one by one in order of their names, whatever kind they are.
class BlobsInOrder {
 public:
  explicit BlobsInOrder(const CatalogContainer& container) : container_(container) {
    for (const auto& folder : container.folders) places_.push_back({.folder = &folder});
  }

  /// Go to the first name that is not before `name`, forward or back. False if there is none.
  bool seek(std::string_view name) {
    blob_ = container_.blobs.lower_bound(name);
    for (auto& place : places_) place.go_to(place.folder->lower_bound(name));
    return choose();
  }

  bool next() {
    // one that hides others of its name leaves them behind with it
    if (blob_ != container_.blobs.end() && blob_->first == name_) ++blob_;
    for (auto& place : places_) {
      if (!place.at_end() && place.name == name_) place.go_to(place.index + 1);
    }
    return choose();
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] CatalogBlob blob() const {
    return place_ == nullptr ? blob_->second : place_->folder->blob(place_->index);
  }

 private:
  /// Where the walk is in a folder. Holds the name: to make it anew for each comparison would take most of
  /// the time of a page.
  struct Place {
    const SyntheticFolder* folder = nullptr;
    std::uint64_t index = 0;
    std::string name{};  ///< empty at the end

    void go_to(std::uint64_t there) {
      index = there;
      name = at_end() ? "" : folder->name(index);
    }
    [[nodiscard]] bool at_end() const { return index == folder->count(); }
  };

  bool choose() {
    const bool own = blob_ != container_.blobs.end();
    bool found = own;
    place_ = nullptr;
    if (own) name_ = blob_->first;
    for (const auto& place : places_) {
      if (place.at_end() || (found && place.name >= name_)) continue;
      name_ = place.name;
      place_ = &place;
      found = true;
    }
    return found;
  }

  const CatalogContainer& container_;
  std::map<std::string, CatalogBlob, std::less<>>::const_iterator blob_;
  std::vector<Place> places_;     ///< one for each folder
  const Place* place_ = nullptr;  ///< of the current blob; nullptr: it is blob_
  std::string name_;
};

/// The first possible name behind all that begin with `prefix`.
std::string behind(std::string prefix) {
  ++prefix.back();
  return prefix;
}

CatalogPage page_of(const CatalogContainer& container, const CatalogQuery& query) {
  CatalogPage page;
  BlobsInOrder walk(container);
  bool more = walk.seek(std::max(query.prefix, query.from));
  while (more && walk.name().starts_with(query.prefix)) {
    if (page.items.size() == query.most) {
      page.next = walk.name();
      break;
    }
    const auto delimiter =
        query.delimiter.empty() ? std::string::npos : walk.name().find(query.delimiter, query.prefix.size());
    if (delimiter == std::string::npos) {
      page.items.push_back({.name = walk.name(), .blob = walk.blob()});
      more = walk.next();
    } else {
      page.items.push_back({.name = walk.name().substr(0, delimiter + query.delimiter.size()), .blob = {}});
      more = walk.seek(behind(page.items.back().name));
    }
  }
  return page;
}

}  // namespace

void BlobCatalog::create_container(const std::string& container) {
  const MutexLock lock(mutex_);
  at(container);
}

void BlobCatalog::delete_container(const std::string& container) {
  const MutexLock lock(mutex_);
  containers_.erase(container);
}

std::string BlobCatalog::put(const std::string& container, const std::string& name, std::string bytes,
                             const std::map<std::string, std::string>& metadata) {
  const auto size = bytes.size();
  return put_blob(
      container, name,
      {.size = size, .bytes = std::make_shared<const std::string>(std::move(bytes)), .metadata = metadata});
}

std::string BlobCatalog::put_synthetic(const std::string& container, const std::string& name,
                                       std::uint64_t size, std::optional<std::uint64_t> seed) {
  return put_blob(container, name, {.size = size, .seed = seed.value_or(SyntheticContent::seed_of(name))});
}

std::string BlobCatalog::put_blob(const std::string& container, const std::string& name, CatalogBlob blob) {
  const MutexLock lock(mutex_);
  blob.etag = next_etag();
  blob.last_modified = now();
  auto etag = blob.etag;
  at(container).blobs.insert_or_assign(name, std::move(blob));
  return etag;
}

void BlobCatalog::put_folder(const std::string& container, SyntheticFolder folder) {
  const MutexLock lock(mutex_);
  folder.last_modified = now();
  at(container).folders.push_back(std::move(folder));
}

void BlobCatalog::remove(const std::string& container, const std::string& name) {
  const MutexLock lock(mutex_);
  at(container).blobs.erase(name);
}

std::optional<CatalogBlob> BlobCatalog::find(const std::string& container, const std::string& name) const {
  const MutexLock lock(mutex_);
  const auto place = containers_.find(container);
  if (place == containers_.end()) return std::nullopt;
  const auto blob = place->second.blobs.find(name);
  if (blob != place->second.blobs.end()) return blob->second;
  for (const auto& folder : place->second.folders) {
    if (const auto index = folder.find(name)) return folder.blob(*index);
  }
  return std::nullopt;
}

std::optional<CatalogPage> BlobCatalog::list(const std::string& container, const CatalogQuery& query) const {
  const MutexLock lock(mutex_);
  const auto place = containers_.find(container);
  return place == containers_.end() ? std::nullopt : std::optional(page_of(place->second, query));
}

std::optional<CatalogContainer> BlobCatalog::container(const std::string& name) const {
  const MutexLock lock(mutex_);
  const auto place = containers_.find(name);
  if (place == containers_.end()) return std::nullopt;
  return CatalogContainer{.last_modified = place->second.last_modified, .etag = place->second.etag};
}

std::vector<std::string> BlobCatalog::containers() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, container] : containers_) names.push_back(name);
  return names;
}

CatalogContainer& BlobCatalog::at(const std::string& container) {
  auto& place = containers_[container];
  if (place.etag.empty()) {
    place.etag = next_etag();
    place.last_modified = now();
  }
  return place;
}

std::string BlobCatalog::next_etag() {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "\"0x8DC%012llX\"", static_cast<unsigned long long>(++versions_));
  return text.data();
}

}  // namespace blobmount::tests
