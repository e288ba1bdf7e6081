#pragma once

/// Files that the kernel reads by itself, from another file: FUSE passthrough, where kernel, privileges and
/// libfuse have it.
/// https://docs.kernel.org/filesystems/fuse/fuse-passthrough.html

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "blobmount/file_system.hpp"

#include "base/annotated_mutex.hpp"
#include "base/log.hpp"
#include "fuse/fuse_api.hpp"

namespace blobmount {

/// Within one inode the kernel does not mix opens that go through its page cache with those passed through,
/// nor two backing files (fs/fuse/iomode.c): what the first open of an inode was, all are until the last of
/// them has been released. Safe to use from any thread.
class Passthrough {
 public:
  /// `log` outlives it.
  explicit Passthrough(Log& log) : log_(log) {}

  /// During INIT: use it if the kernel has it. Whether it has.
  bool offer(fuse_conn_info& connection);

  /// How that open of `inode`, which waits for `request` to be answered, shall be done; it is counted.
  void open(fuse_req_t request, InodeId inode, OpenFile& file, fuse_file_info& info) BM_EXCLUDES(mutex_);
  /// One of them ended; `request` says so, and is to be answered.
  void release(fuse_req_t request, InodeId inode) BM_EXCLUDES(mutex_);
  /// One of them never began.
  void failed(InodeId inode) BM_EXCLUDES(mutex_);

 private:
  /// As the kernel calls a backing file; 0: none.
  using BackingId = int;

  struct Opened {
    std::uint64_t count = 0;
    BackingId backing = 0;
    std::shared_ptr<const void> use{};  ///< of the backing file
  };

  /// Whether that open of `inode` would be the first.
  bool is_first(fuse_req_t request, InodeId inode) BM_EXCLUDES(mutex_);
  void try_without_file(fuse_req_t request) BM_REQUIRES(mutex_);
  void give_up(int number) BM_REQUIRES(mutex_);
  BackingId registered(fuse_req_t request, const LocalFile& file) BM_REQUIRES(mutex_);
  void close_unused(fuse_req_t request) BM_REQUIRES(mutex_);
  /// What was held of the backing file, if that open was the last.
  std::shared_ptr<const void> count_down(InodeId inode) BM_REQUIRES(mutex_);

  Log& log_;

  Mutex mutex_;
  bool possible_ BM_GUARDED_BY(mutex_) = false;
  bool tried_ BM_GUARDED_BY(mutex_) = false;
  std::unordered_map<InodeId, Opened> opened_ BM_GUARDED_BY(mutex_);
  std::vector<BackingId> unused_ BM_GUARDED_BY(mutex_);  ///< to be closed, which takes a request
};

}  // namespace blobmount
