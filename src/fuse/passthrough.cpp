#include "fuse/passthrough.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

namespace blobmount {

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)

bool Passthrough::offer(fuse_conn_info& connection) {
  const MutexLock lock(mutex_);
  possible_ = (connection.capable & FUSE_CAP_PASSTHROUGH) != 0;
  if (!possible_) return false;
  connection.want |= static_cast<unsigned>(FUSE_CAP_PASSTHROUGH);
  // the mount can be the lower layer of an overlay; backing files on one are refused by the kernel
  connection.max_backing_stack_depth = FUSE_BACKING_STACKED_UNDER;
  return true;
}

void Passthrough::open(fuse_req_t request, InodeId inode, OpenFile& file, fuse_file_info& info) {
  const MutexLock lock(mutex_);
  close_unused(request);
  auto& opened = opened_[inode];
  if (opened.count++ == 0 && possible_) {
    if (const auto local = file.local_file()) {
      opened.backing = registered(request, *local);
      opened.use = local->use;
    }
  }
  if (opened.backing == 0) return;
  info.backing_id = opened.backing;
  info.keep_cache = 0;  // has no meaning there, and is refused
  info.noflush = 1;     // nobody's reads are under way here
}

Passthrough::BackingId Passthrough::registered(fuse_req_t request, const LocalFile& file) {
  const auto backing = fuse_passthrough_open(request, *file.descriptor);
  if (backing > 0) return backing;

  // what is missing today is missing tomorrow: CAP_SYS_ADMIN, or a file system that can back another
  const auto reason = std::system_category().message(errno);
  possible_ = false;
  log_.info("cached files are read through blobmount, not by the kernel itself: it refuses to",
            {{"reason", reason}});
  return 0;
}

void Passthrough::close_unused(fuse_req_t request) {
  for (const auto backing : std::exchange(unused_, {})) fuse_passthrough_close(request, backing);
}

#else

bool Passthrough::offer(fuse_conn_info& /*connection*/) { return false; }

void Passthrough::open(fuse_req_t /*request*/, InodeId inode, OpenFile& /*file*/, fuse_file_info& /*info*/) {
  const MutexLock lock(mutex_);
  ++opened_[inode].count;
}

#endif

void Passthrough::release(InodeId inode) {
  std::shared_ptr<const void> use;  // let go of after the lock
  const MutexLock lock(mutex_);
  const auto opened = opened_.find(inode);
  if (opened == opened_.end() || --opened->second.count > 0) return;
  if (opened->second.backing != 0) unused_.push_back(opened->second.backing);
  use = std::move(opened->second.use);
  opened_.erase(opened);
}

}  // namespace blobmount
