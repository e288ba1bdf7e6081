#include "tree/inode_table.hpp"

#include <algorithm>
#include <tuple>

namespace blobmount {
namespace {

/// Of the memory: the node, its names, its places in both tables. Measured: 330 to 450 bytes.
constexpr std::uint64_t node_footprint = 400;
/// And its Directory, without what that charges itself. Measured: 960 bytes in all.
constexpr std::uint64_t directory_footprint = node_footprint + 560;

/// Its node has it, and nobody else: no entry of it, no handle, no request.
bool is_idle(const Node& directory) { return directory.directory.use_count() == 1; }

}  // namespace

std::size_t InodeTable::Hash::operator()(const Key& key) const {
  const auto version = std::hash<std::string>{}(key.entry.etag) + static_cast<std::size_t>(key.entry.kind);
  return number_of(key.parent, key.entry.name) ^ version;
}

bool InodeTable::Same::same(const Key& one, const Key& other) {
  return std::tie(one.entry.name, one.entry.etag, one.entry.kind, one.parent.container, one.parent.path) ==
         std::tie(other.entry.name, other.entry.etag, other.entry.kind, other.parent.container,
                  other.parent.path);
}

InodeTable::InodeTable(MemoryBudget& budget, MakeDirectory make_directory, Location root)
    : make_directory_(std::move(make_directory)),
      root_(std::make_shared<const Node>(Node{.id = root_inode,
                                              .entry = directory_entry(""),
                                              .directory = make_directory_(root_inode, std::move(root))})),
      charge_(budget, 0, MemoryPurpose::inodes) {}

SharedNode InodeTable::look_up(const std::shared_ptr<Directory>& parent, const KnownEntry& entry) {
  const MutexLock lock(mutex_);
  if (const auto known = by_key_.find(Key{parent->where(), entry}); known != by_key_.end()) {
    auto& counted = nodes_.at((*known)->id);
    ++counted.lookups;
    return counted.node;
  }
  const auto id = next_++;
  auto directory = entry.kind == FileKind::directory
                       ? make_directory_(id, parent->where().child_directory(entry.name))
                       : nullptr;
  auto node = std::make_shared<const Node>(Node{id, parent, entry, std::move(directory)});
  nodes_.emplace(id, CountedNode{node, 1});
  by_key_.insert(node.get());
  if (node->is_directory()) ++directories_;
  charge_.resize(measured().total);
  return node;
}

SharedNode InodeTable::find(InodeId inode) const {
  if (inode == root_inode) return root_;
  const MutexLock lock(mutex_);
  const auto found = nodes_.find(inode);
  return found != nodes_.end() ? found->second.node : nullptr;
}

SharedNode InodeTable::find_directory(const Location& where) const {
  const auto& root = root_->directory->where();
  if (where.container == root.container && where.path == root.path) return root_;
  const auto [parent, name] = parent_of(where);
  const auto entry = directory_entry(name);
  const MutexLock lock(mutex_);
  const auto known = by_key_.find(Key{parent, entry});
  return known != by_key_.end() ? nodes_.at((*known)->id).node : nullptr;
}

void InodeTable::forget(InodeId inode, std::uint64_t count) {
  SharedNode last;  // goes, and perhaps a whole directory with it, when the lock is free again
  const MutexLock lock(mutex_);
  const auto found = nodes_.find(inode);
  if (found == nodes_.end()) return;
  auto& counted = found->second;
  counted.lookups -= std::min(counted.lookups, count);
  if (counted.lookups > 0) return;

  last = counted.node;
  by_key_.erase(last.get());
  nodes_.erase(found);
  if (last->is_directory()) --directories_;
  charge_.resize(measured().total);
}

std::size_t InodeTable::size() const {
  const MutexLock lock(mutex_);
  return nodes_.size();
}

InodeTable::Footprint InodeTable::footprint() const {
  const MutexLock lock(mutex_);
  return measured();
}

InodeTable::Footprint InodeTable::measured() const {
  const auto directories = directories_ * directory_footprint;
  return {.total = directories + (nodes_.size() - directories_) * node_footprint, .directories = directories};
}

std::vector<SharedNode> InodeTable::take_oldest(std::size_t count, bool idle_directories) {
  std::vector<SharedNode> taken;
  const MutexLock lock(mutex_);
  const auto most = std::min<InodeId>(next_ - root_inode - 1, 64 * count);  // numbers may be far between
  for (InodeId tried = 0; tried < most && taken.size() < count; ++tried) {
    if (oldest_ >= next_) oldest_ = root_inode + 1;
    const auto found = nodes_.find(oldest_++);
    if (found == nodes_.end()) continue;
    const auto& node = found->second.node;
    if (!node->is_directory() || (idle_directories && is_idle(*node))) taken.push_back(node);
  }
  return taken;
}

std::vector<SharedNode> InodeTable::all(const std::function<bool(const Node&)>& chosen) const {
  std::vector<SharedNode> all;
  const MutexLock lock(mutex_);
  for (const auto& [id, counted] : nodes_) {
    if (chosen(*counted.node)) all.push_back(counted.node);
  }
  return all;
}

}  // namespace blobmount
