#pragma once

/// Which directories' items the kernel keeps, to answer readdir by itself (FOPEN_CACHE_DIR).

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "blobmount/file_system.hpp"

#include "base/annotated_mutex.hpp"
#include "fuse/fuse_api.hpp"

namespace blobmount {

/// The kernel has one cache for each directory, that all who have it open fill and read (fs/fuse/readdir.c):
/// while it belongs to those who see one listing, who sees another reads past it. It is used as long as all
/// in it has come with attributes (READDIRPLUS): of names without, `ls -l` would ask for each. The kernel
/// fills no cache that it has once filled in part and then emptied. Safe to use from any thread.
class DirectoryCache {
 public:
  /// How that open of `inode`, which shows `listing`, shall be done. Whether it uses the cache.
  bool open(InodeId inode, ListingId listing, fuse_file_info& info) BM_EXCLUDES(mutex_);
  /// One that uses it reads: by then the kernel has taken note of how it was to be opened.
  void read(InodeId inode) BM_EXCLUDES(mutex_);
  /// It gets names without attributes.
  void read_names(InodeId inode) BM_EXCLUDES(mutex_);
  /// One that uses it ended, or never began.
  void release(InodeId inode) BM_EXCLUDES(mutex_);

 private:
  struct Cache {
    ListingId listing = 0;    ///< whose items it has,
    bool emptied = false;     ///< and no longer those of the one before;
    bool names_only = false;  ///< some of them without attributes
    std::size_t users = 0;
  };
  void forget_unused() BM_REQUIRES(mutex_);

  Mutex mutex_;
  std::unordered_map<InodeId, Cache> caches_ BM_GUARDED_BY(mutex_);
  std::size_t forget_at_ BM_GUARDED_BY(mutex_) = 4096;
};

}  // namespace blobmount
