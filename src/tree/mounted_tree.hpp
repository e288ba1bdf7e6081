#pragma once

/// The mounted view of an account, a container or a prefix: a FileSystem over a BlobStore.

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "blobmount/blob_store.hpp"
#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"
#include "blobmount/file_system.hpp"

#include "base/annotated_mutex.hpp"
#include "base/log.hpp"
#include "cache/memory_tier.hpp"
#include "file/busiest_files.hpp"
#include "tree/directory.hpp"
#include "tree/files_ahead.hpp"
#include "tree/freshness.hpp"
#include "tree/inode_table.hpp"
#include "tree/listing.hpp"
#include "tree/snapshot_shelf.hpp"
#include "tree/walks.hpp"

namespace blobmount {

class MountedTree final : public FileSystem {
 public:
  /// `local_files`: null: there are none.
  MountedTree(BlobStore& store, MemoryTier& memory, Clock& clock, Log& log, const TreeConfig& config,
              const MountSource& source, LocalFiles* local_files = nullptr);

  /// Of those that were read lately.
  [[nodiscard]] BusiestFiles& busiest_files() const { return *busiest_files_; }

  void look_up(InodeId parent, const std::string& name, Completion<Lookup> done) override;
  void forget(InodeId inode, std::uint64_t count) override { inodes_.forget(inode, count); }
  Result<Attributes> attributes(InodeId inode) override;
  [[nodiscard]] std::string path_of(InodeId inode) const override;
  void open(InodeId inode, Completion<std::shared_ptr<OpenFile>> done) override;
  void open_directory(InodeId inode, Completion<std::shared_ptr<OpenDirectory>> done) override;
  void extended_attributes(InodeId inode, const std::string& wanted,
                           Completion<std::vector<ExtendedAttribute>> done) override;
  void serve(KernelCache* kernel) override BM_EXCLUDES(kernel_mutex_);
  void refresh(const std::string& path, std::function<void()> done) override;

  /// Have the kernel drop what it keeps of the bytes of files. `done` as of refresh().
  void drop_pages(std::function<void()> done);

 private:
  class Opened;

  Lookup lookup_of(const std::shared_ptr<Directory>& parent, const std::string& name, const Found& found);
  /// Counts one lookup.
  Entry enter(const std::shared_ptr<Directory>& parent, const KnownEntry& entry, SteadyTime asked);
  [[nodiscard]] Attributes attributes_of(const Node& node) const;
  /// What is left of an `age` that counts from `since`.
  [[nodiscard]] Duration time_left(SteadyTime since, Duration age) const;
  std::shared_ptr<OpenFile> open_version(const SharedNode& node);
  [[nodiscard]] Location location_of(const std::string& path);
  /// A name, in its directory.
  using Step = std::pair<Location, std::string>;
  void doubt_below(const Location& below, const std::vector<Step>& steps);
  void tell_kernel_of_all_below(const Location& below, const std::vector<Step>& steps)
      BM_EXCLUDES(kernel_mutex_);
  /// Of those that lead to `below`, the last, and each that is not known to be a directory: a name that was
  /// absent hides all that has come below it since.
  [[nodiscard]] std::vector<Step> doubtful_steps_to(const Location& below);
  /// Those at `below`, or inside it; never the root.
  [[nodiscard]] std::vector<SharedNode> nodes_below(const Location& below) const;
  void drop_absent(Directory& directory);
  void when_kernel_knows(std::function<void()> done) BM_EXCLUDES(kernel_mutex_);
  void tell_kernel(InodeId directory, const std::string& name) BM_EXCLUDES(kernel_mutex_);
  void let_go(const Node& node) BM_EXCLUDES(kernel_mutex_);
  void drop_pages_of(std::vector<SharedNode> files, std::function<void()> done);
  void tell_kernel_to_drop_pages(std::span<const SharedNode> files) BM_EXCLUDES(kernel_mutex_);
  void give_back_inodes();

  MemoryTier& memory_;
  LocalFiles* const local_files_;
  const std::shared_ptr<BusiestFiles> busiest_files_ = std::make_shared<BusiestFiles>();
  Clock& clock_;
  const Freshness freshness_;
  const ContainerFilter containers_;
  const Url endpoint_;
  /// What directories without a marker show.
  const WallTime mounted_;

  SnapshotShelf snapshots_;
  Walks walks_;
  const DirectoryContext context_;
  FilesAhead files_ahead_;
  Mutex kernel_mutex_;
  KernelCache* kernel_ BM_GUARDED_BY(kernel_mutex_) = nullptr;
  std::atomic<InodeId> next_look_{0};  ///< from that inode on, see whether there are too many
  InodeTable inodes_;
};

}  // namespace blobmount
