#include "tree/inode_table.hpp"

#include <algorithm>

namespace blobmount {

InodeTable::InodeTable(std::shared_ptr<Directory> root)
    : root_(std::make_shared<const Node>(Node{root_inode, nullptr, directory_entry(""), std::move(root)})) {}

std::string InodeTable::key_of(const Directory& parent, const KnownEntry& entry) {
  // a container's name has no '/', a blob's name no NUL
  auto key = parent.where().to_string() + entry.name;
  return entry.kind == FileKind::directory ? key + '/' : key + '\0' + entry.etag;
}

SharedNode InodeTable::find(InodeId inode) const {
  if (inode == root_inode) return root_;
  const MutexLock lock(mutex_);
  const auto found = nodes_.find(inode);
  return found != nodes_.end() ? found->second->node : nullptr;
}

void InodeTable::forget(InodeId inode, std::uint64_t count) {
  SharedNode last;  // goes, and perhaps a whole directory with it, when the lock is free again
  const MutexLock lock(mutex_);
  const auto found = nodes_.find(inode);
  if (found == nodes_.end()) return;
  auto& counted = *found->second;
  counted.lookups -= std::min(counted.lookups, count);
  if (counted.lookups > 0) return;

  last = counted.node;
  nodes_.erase(found);
  nodes_by_key_.erase(key_of(*last->parent, last->entry));
}

std::size_t InodeTable::size() const {
  const MutexLock lock(mutex_);
  return nodes_.size();
}

}  // namespace blobmount
