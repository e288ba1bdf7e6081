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
  explicit BlobsInOrder(const CatalogContainer& container)
      : container_(container), indices_(container.folders.size()) {}

  /// Go to the first name that is not before `name`, forward or back. False if there is none.
  bool seek(std::string_view name) {
    blob_ = container_.blobs.lower_bound(name);
    for (std::size_t i = 0; i < indices_.size(); ++i) indices_[i] = container_.folders[i].lower_bound(name);
    return choose();
  }

  bool next() {
    // one that hides others of its name leaves them behind with it
    if (blob_ != container_.blobs.end() && blob_->first == name_) ++blob_;
    for (std::size_t i = 0; i < indices_.size(); ++i) {
      const auto& folder = container_.folders[i];
      if (indices_[i] < folder.count() && folder.name(indices_[i]) == name_) ++indices_[i];
    }
    return choose();
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] CatalogBlob blob() const {
    return folder_ == nullptr
               ? blob_->second
               : folder_->blob(indices_[static_cast<std::size_t>(folder_ - container_.folders.data())]);
  }

 private:
  bool choose() {
    const bool own = blob_ != container_.blobs.end();
    bool found = own;
    folder_ = nullptr;
    if (own) name_ = blob_->first;
    for (std::size_t i = 0; i < indices_.size(); ++i) {
      const auto& folder = container_.folders[i];
      if (indices_[i] == folder.count()) continue;
      auto candidate = folder.name(indices_[i]);
      if (found && candidate >= name_) continue;
      name_ = std::move(candidate);
      folder_ = &folder;
      found = true;
    }
    return found;
  }

  const CatalogContainer& container_;
  std::map<std::string, CatalogBlob, std::less<>>::const_iterator blob_;
  std::vector<std::uint64_t> indices_;       ///< where the walk is in each folder
  const SyntheticFolder* folder_ = nullptr;  ///< of the current blob; nullptr: it is blob_
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
