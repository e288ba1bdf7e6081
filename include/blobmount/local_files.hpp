#pragma once

/// Versions that stand whole in files of this machine, which the kernel can read by itself.

#include <cstdint>
#include <memory>
#include <optional>

#include "blobmount/blob_store.hpp"

namespace blobmount {

/// A file that holds the bytes of one version and nothing else. It can be read as long as its descriptor is
/// held, whatever becomes of its name.
struct LocalFile {
  std::shared_ptr<const int> descriptor{};
  /// Who holds this says that the file is in use: others make room before it.
  std::shared_ptr<const void> use{};
};

/// How much of a version lasts on this machine's disk, in bytes.
struct KeptBytes {
  std::uint64_t written = 0;
  std::uint64_t waiting = 0;  ///< for the disk; may be dropped yet
};

/// Safe to use from any thread.
class LocalFiles {
 public:
  virtual ~LocalFiles() = default;
  /// The file of `version`, if it is complete, was checked by this process, has not been changed since, and
  /// is open. One that is complete only is opened and checked from now on, for who asks next. Never blocks.
  virtual std::optional<LocalFile> local_file(const BlobVersion& version) = 0;
  /// What is kept of `version`; nothing where nothing lasts. Never waits for the network; may read a file.
  virtual std::optional<KeptBytes> kept(const BlobVersion& /*version*/) { return std::nullopt; }
};

}  // namespace blobmount
