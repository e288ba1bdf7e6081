#pragma once

/// An open file that asks the service for each read: one ranged GET, pinned to the version.

#include <functional>

#include "blobmount/blob_store.hpp"
#include "blobmount/file_system.hpp"

namespace blobmount {

class RemoteFile final : public OpenFile {
 public:
  /// `on_gone` runs, before the read's completion, when a read shows that the service no longer has the
  /// version: overwritten, or deleted. `store` outlives the reads.
  RemoteFile(BlobStore& store, BlobVersion version, std::function<void()> on_gone)
      : store_(store), version_(std::move(version)), on_gone_(std::move(on_gone)) {}

  void read(std::uint64_t offset, std::size_t size, Completion<Bytes> done) override;

 private:
  BlobStore& store_;
  const BlobVersion version_;
  const std::function<void()> on_gone_;
};

}  // namespace blobmount
