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
  // the cache is asked without the lock
  const auto local = is_first(request, inode) ? file.local_file() : std::nullopt;
  const MutexLock lock(mutex_);
  auto& opened = opened_[inode];
  if (opened.count++ == 0 && possible_ && local) {
    opened.backing = registered(request, *local);
    opened.use = local->use;
  }
  if (opened.backing == 0) return;
  info.backing_id = opened.backing;
  info.keep_cache = 0;  // has no meaning there, and is refused
  info.noflush = 1;     // nobody's reads are under way here
}

bool Passthrough::is_first(fuse_req_t request, InodeId inode) {
  const MutexLock lock(mutex_);
  if (possible_ && !std::exchange(tried_, true)) try_without_file(request);
  return possible_ && opened_.find(inode) == opened_.end();
}

/// The kernel looks at privileges first (fs/fuse/backing.c), so no file is prepared in vain.
void Passthrough::try_without_file(fuse_req_t request) {
  errno = 0;
  fuse_passthrough_open(request, -1);
  if (errno == EPERM) give_up(errno);
}

/// What is missing today is missing tomorrow: CAP_SYS_ADMIN, or a file system that can back another.
void Passthrough::give_up(int number) {
  possible_ = false;
  log_.info("cached files are read through blobmount, not by the kernel itself: it refuses to",
            {{"reason", std::system_category().message(number)}});
}

Passthrough::BackingId Passthrough::registered(fuse_req_t request, const LocalFile& file) {
  errno = 0;
  const auto backing = fuse_passthrough_open(request, *file.descriptor);
  if (backing > 0) return backing;

  const auto number = errno;
  const bool passes = number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOSPC;
  if (!passes) give_up(number);
  return 0;
}

void Passthrough::close_unused(fuse_req_t request) {
  for (const auto backing : std::exchange(unused_, {})) fuse_passthrough_close(request, backing);
}

#else

bool Passthrough::offer(fuse_conn_info& /*connection*/) { return false; }

void Passthrough::close_unused(fuse_req_t /*request*/) {}

void Passthrough::open(fuse_req_t /*request*/, InodeId inode, OpenFile& /*file*/, fuse_file_info& /*info*/) {
  const MutexLock lock(mutex_);
  ++opened_[inode].count;
}

#endif

void Passthrough::release(fuse_req_t request, InodeId inode) {
  std::shared_ptr<const void> use;  // let go of after the lock
  const MutexLock lock(mutex_);
  use = count_down(inode);
  close_unused(request);
}

void Passthrough::failed(InodeId inode) {
  std::shared_ptr<const void> use;  // let go of after the lock
  const MutexLock lock(mutex_);
  use = count_down(inode);
}

std::shared_ptr<const void> Passthrough::count_down(InodeId inode) {
  const auto opened = opened_.find(inode);
  if (opened == opened_.end() || --opened->second.count > 0) return nullptr;
  if (opened->second.backing != 0) unused_.push_back(opened->second.backing);
  auto use = std::move(opened->second.use);
  opened_.erase(opened);
  return use;
}

}  // namespace blobmount
