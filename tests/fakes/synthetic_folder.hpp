#pragma once

/// A folder of many synthetic blobs, named by number: two of them, or a million, take the same memory.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace blobmount::tests {

struct CatalogBlob {
  std::uint64_t size = 0;
  std::shared_ptr<const std::string> bytes{};  ///< none: SyntheticContent(seed)
  std::uint64_t seed = 0;
  std::string etag{};  ///< with its quotes
  std::chrono::sys_seconds last_modified{};
  std::map<std::string, std::string> metadata{};
  std::string access_tier = "Hot";
  std::string type = "BlockBlob";
  std::string content_type = "application/octet-stream";
  std::string content_md5{}, version_id{};
};

/// A value: prefix + "file-0000042", or, with folders, prefix + "folder-0007/file-0000042". The numbers have
/// leading zeros, so their order is that of the names.
struct SyntheticFolder {
  std::string prefix{};  ///< empty, or ends with '/'
  std::uint64_t folders = 0;
  std::uint64_t blobs = 0;      ///< in each folder, or in all where there are no folders
  std::uint64_t blob_size = 0;  ///< bytes of each
  std::chrono::sys_seconds last_modified{};

  [[nodiscard]] std::uint64_t count() const { return folders == 0 ? blobs : folders * blobs; }
  /// Of the blob `index`, below count().
  [[nodiscard]] std::string name(std::uint64_t index) const;
  [[nodiscard]] CatalogBlob blob(std::uint64_t index) const;

  /// The first index whose name is not before `name`; count() if all are.
  [[nodiscard]] std::uint64_t lower_bound(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> find(std::string_view name) const;
};

}  // namespace blobmount::tests
