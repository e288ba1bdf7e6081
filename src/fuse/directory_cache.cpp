#include "fuse/directory_cache.hpp"

#include <algorithm>

namespace blobmount {

bool DirectoryCache::open(InodeId inode, ListingId listing, fuse_file_info& info) {
  const MutexLock lock(mutex_);
  if (caches_.size() >= forget_at_) forget_unused();
  auto& cache = caches_[inode];
  if (cache.listing != listing && cache.users > 0) {
    info.keep_cache = 1;  // it is others'
    return false;
  }
  if (cache.listing != listing || (cache.names_only && cache.users == 0)) cache = {.listing = listing};
  ++cache.users;
  info.cache_readdir = 1;
  info.keep_cache = cache.emptied && !cache.names_only ? 1 : 0;
  return true;
}

void DirectoryCache::read(InodeId inode) {
  const MutexLock lock(mutex_);
  caches_.at(inode).emptied = true;
}

void DirectoryCache::read_names(InodeId inode) {
  const MutexLock lock(mutex_);
  const auto cache = caches_.find(inode);
  if (cache != caches_.end()) cache->second.names_only = true;
}

void DirectoryCache::release(InodeId inode) {
  const MutexLock lock(mutex_);
  --caches_.at(inode).users;
}

/// What the kernel has of those is dropped at their next open.
void DirectoryCache::forget_unused() {
  std::erase_if(caches_, [](const auto& cache) { return cache.second.users == 0; });
  forget_at_ = std::max(forget_at_, 2 * caches_.size());
}

}  // namespace blobmount
