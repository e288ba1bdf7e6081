#pragma once

/// The inodes that the kernel knows, counted as it counts them. A number is never used twice.

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "blobmount/file_system.hpp"

#include "base/annotated_mutex.hpp"
#include "base/memory_budget.hpp"
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
  using MakeDirectory = std::function<std::shared_ptr<Directory>(InodeId inode, Location where)>;

  /// What the inodes take is charged to `budget`, which outlives them.
  InodeTable(MemoryBudget& budget, MakeDirectory make_directory, Location root);

  /// The node of `entry` in `parent`, the same one as long as the kernel knows it; counts one lookup.
  SharedNode look_up(const std::shared_ptr<Directory>& parent, const KnownEntry& entry) BM_EXCLUDES(mutex_);
  /// None: not known, or forgotten.
  [[nodiscard]] SharedNode find(InodeId inode) const BM_EXCLUDES(mutex_);
  /// None: the kernel does not know it.
  [[nodiscard]] SharedNode find_directory(const Location& where) const BM_EXCLUDES(mutex_);
  /// Takes `count` lookups back; the last one ends the inode. The root stays.
  void forget(InodeId inode, std::uint64_t count) BM_EXCLUDES(mutex_);
  [[nodiscard]] std::size_t size() const BM_EXCLUDES(mutex_);

  /// What it takes of the memory, in bytes, roughly: all inodes, and the directories among them.
  struct Footprint {
    std::uint64_t total = 0, directories = 0;
  };
  [[nodiscard]] Footprint footprint() const BM_EXCLUDES(mutex_);

  /// Up to `count` of those of longest ago, and from call to call the next: files, or with `idle_directories`
  /// also directories that are not open, and of which no entry is known.
  std::vector<SharedNode> take_oldest(std::size_t count, bool idle_directories) BM_EXCLUDES(mutex_);
  /// All but the root for which `chosen`.
  [[nodiscard]] std::vector<SharedNode> all(const std::function<bool(const Node&)>& chosen) const
      BM_EXCLUDES(mutex_);

 private:
  struct CountedNode {
    SharedNode node{};
    std::uint64_t lookups = 0;
  };
  /// A directory by its place, a file by its place and version.
  struct Key {
    const Location& parent;
    const KnownEntry& entry;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Key& key) const;
    std::size_t operator()(const Node* node) const {
      return (*this)(Key{node->parent->where(), node->entry});
    }
  };
  struct Same {
    using is_transparent = void;
    static bool same(const Key& one, const Key& other);
    bool operator()(const Node* one, const Node* other) const { return one == other; }
    bool operator()(const Key& key, const Node* node) const {
      return same(key, Key{node->parent->where(), node->entry});
    }
    bool operator()(const Node* node, const Key& key) const { return (*this)(key, node); }
  };

  [[nodiscard]] Footprint measured() const BM_REQUIRES(mutex_);

  const MakeDirectory make_directory_;
  const SharedNode root_;

  mutable Mutex mutex_;
  MemoryBudget::Charge charge_ BM_GUARDED_BY(mutex_);
  std::size_t directories_ BM_GUARDED_BY(mutex_) = 0;
  InodeId next_ BM_GUARDED_BY(mutex_) = root_inode + 1;
  InodeId oldest_ BM_GUARDED_BY(mutex_) = root_inode + 1;  ///< where take_oldest() goes on
  std::unordered_map<InodeId, CountedNode> nodes_ BM_GUARDED_BY(mutex_);
  std::unordered_set<const Node*, Hash, Same> by_key_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
