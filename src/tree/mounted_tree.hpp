#pragma once

/// The mounted view of an account, a container or a prefix: a FileSystem over a BlobStore.

#include <atomic>
#include <memory>
#include <string>

#include "blobmount/blob_store.hpp"
#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"
#include "blobmount/file_system.hpp"

#include "base/log.hpp"
#include "cache/memory_tier.hpp"
#include "tree/directory.hpp"
#include "tree/inode_table.hpp"
#include "tree/snapshot_shelf.hpp"

namespace blobmount {

class MountedTree final : public FileSystem {
 public:
  MountedTree(BlobStore& store, MemoryTier& memory, Clock& clock, Log& log, const TreeConfig& config,
              const MountSource& source);

  void look_up(InodeId parent, const std::string& name, Completion<Lookup> done) override;
  void forget(InodeId inode, std::uint64_t count) override { inodes_.forget(inode, count); }
  Result<Attributes> attributes(InodeId inode) override;
  void open(InodeId inode, Completion<std::shared_ptr<OpenFile>> done) override;
  void open_directory(InodeId inode, Completion<std::shared_ptr<OpenDirectory>> done) override;
  void extended_attributes(InodeId inode, Completion<std::vector<ExtendedAttribute>> done) override;
  void serve(KernelCache* kernel) override { kernel_ = kernel; }
  void refresh(const std::string& path) override;

 private:
  class Opened;

  [[nodiscard]] std::shared_ptr<Directory> make_directory(Location where);
  /// Counts one lookup.
  Entry enter(const std::shared_ptr<Directory>& parent, const KnownEntry& entry, SteadyTime told);
  [[nodiscard]] Attributes attributes_of(const Node& node) const;
  /// What is left of an `age` that counts from `since`.
  [[nodiscard]] Duration time_left(SteadyTime since, Duration age) const;
  std::shared_ptr<OpenFile> open_version(const SharedNode& node);

  BlobStore& store_;
  MemoryTier& memory_;
  SnapshotShelf snapshots_;
  Clock& clock_;
  Log& log_;
  const MaximumAge lookup_age_;
  const MaximumAge open_age_;
  /// What directories without a marker show.
  const WallTime mounted_;

  InodeTable inodes_;
  std::atomic<KernelCache*> kernel_{nullptr};
};

}  // namespace blobmount
