#include "fuse/kernel_notices.hpp"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include <linux/fuse.h>
#include <sys/uio.h>

#include "base/thread.hpp"
#include "fuse/fuse_api.hpp"
#include "fuse/late_requests.hpp"

namespace blobmount {
namespace {

/// How soon a late request is seen; only a notice that waits for its answer makes anybody look twice.
constexpr std::chrono::milliseconds pause_between_looks{10};

/// Of linux/fuse.h since Linux 6.18 (7.45), FUSE_NOTIFY_PRUNE: drop the names of inodes that nobody uses.
constexpr std::int32_t notify_prune = 9;
struct PruneOut {
  std::uint32_t count = 1, padding = 0;
  std::uint64_t spare = 0;
  std::uint64_t inode = 0;
};

/// libfuse has no function for it. An older kernel does not take it: EINVAL.
int prune(fuse_session* session, InodeId inode) {
  PruneOut notice{.inode = inode};
  fuse_out_header head{.len = sizeof(fuse_out_header) + sizeof notice, .error = notify_prune, .unique = 0};
  const std::array<iovec, 2> parts{iovec{&head, sizeof head}, iovec{&notice, sizeof notice}};
  const auto written = ::writev(fuse_session_fd(session), parts.data(), static_cast<int>(parts.size()));
  return written < 0 ? -errno : 0;
}

}  // namespace

KernelNotices::KernelNotices(fuse_session* session, Log& log)
    : session_(session), log_(log), thread_(start_thread("kernel-notices", [this] { run(); })) {}

void KernelNotices::stop() {
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    order_.clear();
    waiting_.clear();
  }
  work_.notify_one();
  while (!has_ended(pause_between_looks)) refuse_late_requests(session_);
  thread_.join();
  if (const auto lost = dropped(); lost != 0)
    log_.debug("too many notices for the kernel", {{"dropped", lost}});
}

std::uint64_t KernelNotices::dropped() const {
  const MutexLock lock(mutex_);
  return dropped_;
}

void KernelNotices::add(Notice notice) {
  {
    const MutexLock lock(mutex_);
    if (ending_) return;
    const auto [place, is_new] = waiting_.insert(std::move(notice));
    if (!is_new) return;
    order_.push_back(place);
    ++added_;
    if (order_.size() > most_waiting) {
      waiting_.erase(order_.front());
      order_.pop_front();
      ++dropped_;
      ++done_with_;
    }
  }
  work_.notify_one();
}

void KernelNotices::when_told(std::function<void()> then) {
  {
    const MutexLock lock(mutex_);
    if (!ending_ && done_with_ < added_) {
      hooks_.push_back({added_, std::move(then)});
      return;
    }
  }
  then();
}

void KernelNotices::done_with_one() {
  std::vector<Hook> due;
  {
    const MutexLock lock(mutex_);
    ++done_with_;
    while (!hooks_.empty() && (ending_ || hooks_.front().after <= done_with_)) {
      due.push_back(std::move(hooks_.front()));
      hooks_.pop_front();
    }
  }
  for (const auto& hook : due) hook.then();
}

void KernelNotices::run() {
  for (auto notice = take(); notice; notice = take()) {
    send(*notice);
    done_with_one();
  }
  std::deque<Hook> left;
  {
    const MutexLock lock(mutex_);
    ended_ = true;
    left = std::exchange(hooks_, {});
  }
  for (const auto& hook : left) hook.then();
  end_.notify_one();
}

std::optional<KernelNotices::Notice> KernelNotices::take() {
  MutexLock lock(mutex_);
  while (order_.empty() && !ending_) work_.wait(lock.native());
  if (ending_) return std::nullopt;
  auto notice = std::move(waiting_.extract(order_.front()).value());
  order_.pop_front();
  return notice;
}

void KernelNotices::send(const Notice& notice) {
  if (notice.unused != 0 && can_prune_) {
    can_prune_ = prune(session_, notice.unused) != -EINVAL;
    if (can_prune_) return;
  }
  const int outcome = notice.name ? fuse_lowlevel_notify_inval_entry(session_, notice.inode,
                                                                     notice.name->data(), notice.name->size())
                                  : fuse_lowlevel_notify_inval_inode(session_, notice.inode, 0, 0);
  // the kernel need not have known it
  if (outcome == 0 || outcome == -ENOENT || std::exchange(told_of_failure_, true)) return;
  log_.debug("the kernel takes no notice", {{"reason", std::generic_category().message(-outcome)}});
}

bool KernelNotices::has_ended(Duration at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  MutexLock lock(mutex_);
  while (!ended_) {
    if (end_.wait_until(lock.native(), deadline) == std::cv_status::timeout) break;
  }
  return ended_;
}

}  // namespace blobmount
