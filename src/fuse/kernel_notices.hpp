#pragma once

/// Tells the kernel what it should no longer believe, on a thread of its own: the kernel takes the
/// directory's lock for it, and whoever holds that lock may be waiting for an answer of ours.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "blobmount/file_system.hpp"

#include "base/annotated_mutex.hpp"
#include "base/log.hpp"

struct fuse_session;

namespace blobmount {

/// What is told twice before the kernel has heard it once is sent once. Where very much waits (some 10 MiB of
/// it), the oldest is dropped: the kernel then believes it until its time is over.
///
/// Not for free: while a notice waits for a directory's lock, the kernel looks up no name there that it does
/// not know yet. It waits as long as the slowest lookup, or part of a listing, that was under way there.
class KernelNotices final : public KernelCache {
 public:
  static constexpr std::size_t most_waiting = 65536;

  /// `session` is mounted, and outlives the notices, as `log` does.
  KernelNotices(fuse_session* session, Log& log);
  ~KernelNotices() override { stop(); }
  KernelNotices(const KernelNotices&) = delete;
  KernelNotices& operator=(const KernelNotices&) = delete;

  void drop_name(InodeId parent, std::string name) override { add({parent, std::move(name)}); }
  /// Before Linux 6.18 the kernel cannot be asked that way: there the name is dropped, and getcwd(2) fails in
  /// such a directory until somebody looks it up by its path.
  void let_go(InodeId inode, InodeId parent, std::string name) override {
    add({parent, std::move(name), inode});
  }
  void drop_pages(InodeId inode) override { add({inode, std::nullopt}); }
  void when_told(std::function<void()> then) override BM_EXCLUDES(mutex_);

  /// Drop what waits, and end the thread. Once nobody serves the session any more: what the kernel still asks
  /// is refused meanwhile, since a notice that is being sent may wait for the one who asks.
  void stop() BM_EXCLUDES(mutex_);

  /// Notices that were dropped because too many waited.
  [[nodiscard]] std::uint64_t dropped() const BM_EXCLUDES(mutex_);

 private:
  struct Notice {
    InodeId inode = 0;
    std::optional<std::string> name{};  ///< of a file in that directory; none: the inode's pages
    InodeId unused = 0;                 ///< what the name leads to, to be kept if it is in use; 0: it is not
    auto operator<=>(const Notice&) const = default;
  };

  void add(Notice notice) BM_EXCLUDES(mutex_);
  void run() BM_EXCLUDES(mutex_);
  std::optional<Notice> take() BM_EXCLUDES(mutex_);
  void send(const Notice& notice);
  void done_with_one() BM_EXCLUDES(mutex_);
  bool has_ended(Duration at_most) BM_EXCLUDES(mutex_);

  fuse_session* const session_;
  Log& log_;
  bool told_of_failure_ = false;  // of the thread, as the next
  bool can_prune_ = true;

  mutable Mutex mutex_;
  std::condition_variable work_;
  std::condition_variable end_;
  std::set<Notice> waiting_ BM_GUARDED_BY(mutex_);
  std::deque<std::set<Notice>::const_iterator> order_ BM_GUARDED_BY(mutex_);  ///< of waiting_, oldest first
  std::uint64_t added_ BM_GUARDED_BY(mutex_) = 0;
  std::uint64_t done_with_ BM_GUARDED_BY(mutex_) = 0;  ///< sent, or dropped
  struct Hook {
    std::uint64_t after;  ///< that many are done with
    std::function<void()> then;
  };
  std::deque<Hook> hooks_ BM_GUARDED_BY(mutex_);
  std::uint64_t dropped_ BM_GUARDED_BY(mutex_) = 0;
  bool ending_ BM_GUARDED_BY(mutex_) = false;
  bool ended_ BM_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace blobmount
