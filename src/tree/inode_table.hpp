#pragma once

/// The inodes that the kernel knows, counted as it counts them. A number is never used twice.

#include <memory>
#include <string>
#include <unordered_map>

#include "blobmount/file_system.hpp"

#include "base/annotated_mutex.hpp"
#include "tree/directory.hpp"

namespace blobmount {

/// A directory, or one version of a blob. Immutable.
struct Node {
  InodeId id = 0;
  std::shared_ptr<Directory> parent{};  ///< none for the root
  KnownEntry entry{};
  std::shared_ptr<Directory> directory{};  ///< what a directory's own entries are; none for a file

  [[nodiscard]] bool is_directory() const { return directory != nullptr; }
};

using SharedNode = std::shared_ptr<const Node>;

/// Safe to use from any thread.
class InodeTable {
 public:
  explicit InodeTable(std::shared_ptr<Directory> root);

  /// The node of `entry` in `parent`, the same one as long as the kernel knows it; counts one lookup. A new
  /// directory is made by `make_directory(location)`.
  template <typename MakeDirectory>
  SharedNode look_up(const std::shared_ptr<Directory>& parent, const KnownEntry& entry,
                     const MakeDirectory& make_directory) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    auto& counted = nodes_by_key_[key_of(*parent, entry)];
    if (!counted.node) {
      const auto directory = entry.kind == FileKind::directory
                                 ? make_directory(parent->where().child_directory(entry.name))
                                 : nullptr;
      counted.node = std::make_shared<const Node>(Node{next_++, parent, entry, directory});
      nodes_.emplace(counted.node->id, &counted);
    }
    ++counted.lookups;
    return counted.node;
  }

  /// None: not known, or forgotten.
  [[nodiscard]] SharedNode find(InodeId inode) const BM_EXCLUDES(mutex_);
  /// Takes `count` lookups back; the last one ends the inode. The root stays.
  void forget(InodeId inode, std::uint64_t count) BM_EXCLUDES(mutex_);
  [[nodiscard]] std::size_t size() const BM_EXCLUDES(mutex_);

 private:
  struct CountedNode {
    SharedNode node{};
    std::uint64_t lookups = 0;
  };

  /// Names a directory by its place, and a file by its place and version.
  static std::string key_of(const Directory& parent, const KnownEntry& entry);

  const SharedNode root_;

  mutable Mutex mutex_;
  InodeId next_ BM_GUARDED_BY(mutex_) = root_inode + 1;
  std::unordered_map<std::string, CountedNode> nodes_by_key_ BM_GUARDED_BY(mutex_);
  /// Into nodes_by_key_, whose elements stay where they are.
  std::unordered_map<InodeId, CountedNode*> nodes_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
