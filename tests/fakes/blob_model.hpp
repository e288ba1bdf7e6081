#pragma once

/// What the Blob service holds and answers, in memory: a value without threads, so simple that it is right by
/// sight.

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "blobmount/blob_store.hpp"

namespace blobmount::tests {

/// The bytes of a blob: fills `into` with those from `offset`. A function, so that a blob can
/// be larger than the memory.
using Content = std::function<void(std::uint64_t offset, std::span<std::byte> into)>;
Content content_of(std::string text);

/// What can be said of a blob when it is put.
struct BlobTraits {
  std::string access_tier = "Hot";  ///< "Archive" cannot be read
  bool is_directory_marker = false;
  std::optional<WallTime> last_modified{};  ///< else one second after the last change of any blob
  std::string type = "BlockBlob";
  std::string content_type = "application/octet-stream";
  std::string content_md5{}, version_id{};
  std::map<std::string, std::string> metadata{};  ///< that of a directory marker is added
};

class BlobModel {
 public:
  void put_container(const std::string& name);
  void delete_container(const std::string& name);
  /// Makes the container where there is none. Each put has an ETag of its own, the same bytes included.
  BlobProperties put(const std::string& container, const std::string& blob, std::uint64_t size,
                     Content content, const BlobTraits& traits);
  void remove(const std::string& container, const std::string& blob);

  /// Pages hold this many entries at most, whatever is asked for.
  void limit_pages(int entries) { page_limit_ = entries; }
  /// Each page with entries comes after so many that have none, and a marker, as the service's own may.
  void put_empty_pages_between(int count) { empty_pages_ = count; }

  [[nodiscard]] Result<ContainerPage> list_containers(const ListContainersQuery& query) const;
  [[nodiscard]] Result<ContainerProperties> get_container(const std::string& name) const;
  [[nodiscard]] Result<BlobPage> list_blobs(const ListBlobsQuery& query) const;
  [[nodiscard]] Result<BlobProperties> get_properties(const std::string& container,
                                                      const std::string& blob) const;
  [[nodiscard]] Result<Content> read(const BlobVersion& version, ByteRange range) const;

 private:
  struct Blob {
    BlobProperties properties;
    Content content;
  };
  struct Container {
    WallTime last_modified;
    std::map<std::string, Blob> blobs;
  };
  /// Where a listing goes on: at the first name from `name`, after so many empty pages.
  struct Position {
    int empty_pages = 0;
    std::string name;
  };

  [[nodiscard]] Result<Position> position_of(const std::string& marker) const;
  [[nodiscard]] static std::string marker_of(const Position& position);
  [[nodiscard]] Result<const Container*> find(const std::string& container) const;
  [[nodiscard]] Result<const Blob*> find(const std::string& container, const std::string& blob) const;
  WallTime next_second();

  std::map<std::string, Container> containers_;
  WallTime last_change_{std::chrono::seconds{1'700'000'000}};
  std::uint64_t puts_ = 0;
  int page_limit_ = 5000;
  int empty_pages_ = 0;
};

}  // namespace blobmount::tests
