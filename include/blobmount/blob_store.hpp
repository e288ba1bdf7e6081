#pragma once

/// The service as blobmount needs it: containers, listings, properties and ranges of blobs. All of it can be
/// asked of Azure, of Azurite and of the fake in tests/fakes; tests/contract says what each must do.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blobmount/clock.hpp"
#include "blobmount/http.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// Names bytes that can never change: the version (ETag) is part of the name. `size` is bytes.
struct BlobVersion {
  std::string container{}, blob{}, etag{};
  std::uint64_t size = 0;

  bool operator==(const BlobVersion&) const = default;
};

/// What else the service says of a blob, in its own words; empty where it says nothing.
struct BlobDetails {
  std::string type{};         ///< "BlockBlob", "PageBlob", "AppendBlob"
  std::string access_tier{};  ///< "Hot", "Cool", "Archive", ...
  std::string content_type{};
  std::string content_md5{};  ///< base64
  std::string version_id{};   ///< not from a listing: the service tells it there only with all old versions
  /// In the order of the names' bytes; names in the case in which the service sends them.
  std::vector<std::pair<std::string, std::string>> metadata{};

  bool operator==(const BlobDetails&) const = default;
  /// Its bytes cannot be read before it has been rehydrated.
  [[nodiscard]] bool archived() const { return access_tier == "Archive"; }
};

struct BlobProperties {
  std::string etag{};  ///< with its quotes, as the service writes it
  std::uint64_t size = 0;
  WallTime last_modified{};
  bool is_directory_marker = false;  ///< metadata hdi_isfolder=true
  BlobDetails details{};
};

struct ListedBlob {
  std::string name{};
  BlobProperties properties{};
};

/// A page of List Blobs. A page may be empty, or hold prefixes only, and still have a next one.
/// https://learn.microsoft.com/rest/api/storageservices/list-blobs
struct BlobPage {
  std::vector<ListedBlob> blobs{};
  std::vector<std::string> prefixes{};  ///< each ends with the delimiter
  std::string next_marker{};            ///< empty: the listing is complete
};

struct ContainerProperties {
  std::string name{};
  WallTime last_modified{};
};

struct ContainerPage {
  std::vector<ContainerProperties> containers{};
  std::string next_marker{};  ///< empty: the listing is complete
};

struct ListContainersQuery {
  std::string marker{};
  int max_results = 5000;  ///< the service's own limit of a page
};

struct ListBlobsQuery {
  std::string container{};
  std::string prefix{};
  std::string delimiter{};  ///< empty: every blob below the prefix
  std::string marker{};
  int max_results = 5000;  ///< the service's own limit of a page
  /// If set: told the marker of the next page where that is known earlier than the page; at most once, before
  /// `done`, on any thread.
  std::function<void(const std::string& marker)> next_known{};
};

template <typename T>
using Completion = std::function<void(Result<T>)>;

/// Takes the next bytes of a read; none: a question only, asked now and then while nothing comes. Must not
/// block. The bytes are gone when it returns. False: the rest is not wanted, and the read ends with
/// `cancelled`.
using OnPiece = std::function<bool(std::span<const std::byte>)>;

/// Each call reports to `done` exactly once, on any thread, maybe before returning; none blocks. Safe to use
/// from any thread; must outlive what was started. Errors: not_found (no such container or blob),
/// permission_denied, unauthenticated, changed, not_permitted, ... as ErrorCode describes them; passing
/// faults have been retried.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  virtual void list_containers(const ListContainersQuery& query, Completion<ContainerPage> done) = 0;
  virtual void get_container(const std::string& container, Completion<ContainerProperties> done) = 0;
  virtual void list_blobs(const ListBlobsQuery& query, Completion<BlobPage> done) = 0;
  virtual void get_properties(const std::string& container, const std::string& blob,
                              Completion<BlobProperties> done) = 0;

  /// Read `range` of `version`, which must lie within its size and not be empty. `piece` takes the bytes in
  /// order, on one network thread at a time, before `done` runs; together they are the whole range if `done`
  /// gets no Error. `changed` if the blob is another version by now: never a mixture of two, never a byte
  /// that the service did not send.
  virtual void read(const BlobVersion& version, ByteRange range, OnPiece piece, Completion<void> done) = 0;
};

}  // namespace blobmount
