#pragma once

/// What a fake service holds: containers, blobs with bytes of their own, blobs whose bytes are a function,
/// and whole folders of such, a million entries in the memory of one.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/annotated_mutex.hpp"
#include "fakes/synthetic_folder.hpp"

namespace blobmount::tests {

/// The blobs of a container, as ListedBlobs reads them.
struct CatalogContainer {
  std::chrono::sys_seconds last_modified{};
  std::string etag{};
  std::map<std::string, CatalogBlob, std::less<>> blobs{};  ///< these hide those of folders
  std::vector<SyntheticFolder> folders{};
};

/// An answer of List Blobs: blobs and prefixes together in order, as the service sends them.
struct CatalogPage {
  struct Item {
    std::string name;
    std::optional<CatalogBlob> blob;  ///< nothing: `name` is a prefix
  };
  std::vector<Item> items{};
  std::string next{};  ///< the name to go on from; empty: complete
};

struct CatalogQuery {
  std::string prefix{}, delimiter{};
  std::string from{};  ///< the first name to look at; empty: the start
  std::size_t most = 5000;
};

/// Safe to use from any thread. What names a container creates it where it is missing.
class BlobCatalog {
 public:
  void create_container(const std::string& container) BM_EXCLUDES(mutex_);
  void delete_container(const std::string& container) BM_EXCLUDES(mutex_);

  /// Write a blob, over the one of that name. Returns its ETag, new each time, with quotes.
  std::string put(const std::string& container, const std::string& name, std::string bytes,
                  const std::map<std::string, std::string>& metadata = {}) BM_EXCLUDES(mutex_);
  /// The same with SyntheticContent, of the seed of its name if none is given.
  std::string put_synthetic(const std::string& container, const std::string& name, std::uint64_t size,
                            std::optional<std::uint64_t> seed = {}) BM_EXCLUDES(mutex_);
  /// The same with everything as given, except ETag and date.
  std::string put_blob(const std::string& container, const std::string& name, CatalogBlob blob)
      BM_EXCLUDES(mutex_);
  void put_folder(const std::string& container, SyntheticFolder folder) BM_EXCLUDES(mutex_);
  /// Take a blob away; one of a folder cannot be.
  void remove(const std::string& container, const std::string& name) BM_EXCLUDES(mutex_);

  [[nodiscard]] std::optional<CatalogBlob> find(const std::string& container, const std::string& name) const
      BM_EXCLUDES(mutex_);
  /// Nothing if there is no such container.
  [[nodiscard]] std::optional<CatalogPage> list(const std::string& container, const CatalogQuery& query) const
      BM_EXCLUDES(mutex_);
  /// Without its blobs.
  [[nodiscard]] std::optional<CatalogContainer> container(const std::string& name) const BM_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<std::string> containers() const BM_EXCLUDES(mutex_);

 private:
  CatalogContainer& at(const std::string& container) BM_REQUIRES(mutex_);
  std::string next_etag() BM_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, CatalogContainer> containers_ BM_GUARDED_BY(mutex_);
  std::uint64_t versions_ BM_GUARDED_BY(mutex_) = 0;
};

}  // namespace blobmount::tests
