#pragma once

/// The kernel's requests that wait for an answer. Each is answered once: by whoever completes it or, when its
/// process is interrupted or has ended, with EINTR at once, so that Ctrl-C and kill work however slow the
/// service is.

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <sys/types.h>

#include "blobmount/clock.hpp"
#include "blobmount/file_system.hpp"

#include "base/annotated_mutex.hpp"
#include "fuse/fuse_api.hpp"
#include "fuse/kernel_requests.hpp"

namespace blobmount {

/// A read of an open file.
struct PendingRead {
  std::uint64_t handle = 0;  ///< 0: it is no read
  pid_t thread = 0;          ///< that asked; 0: of a namespace that is not ours
  std::uint64_t offset = 0;
  std::size_t size = 0;
  /// Which calls the read by its ticket, and is told to give it up where it is interrupted.
  std::weak_ptr<OpenFile> file{};
};

/// Safe to use from any thread.
class PendingReplies {
 public:
  using Ticket = std::uint64_t;

  /// `on_interrupt` is what libfuse calls; it finds its session's PendingReplies and calls interrupted().
  explicit PendingReplies(fuse_interrupt_func_t on_interrupt) : on_interrupt_(on_interrupt) {}

  /// What has been answered so far, here and, if the caller says so there, elsewhere.
  [[nodiscard]] KernelRequests& requests() { return requests_; }
  [[nodiscard]] const KernelRequests& requests() const { return requests_; }
  /// How many wait for an answer now.
  [[nodiscard]] std::size_t count() const BM_EXCLUDES(mutex_);

  /// `request` is from now on answered by whoever takes it, or by its interruption: do not touch it
  /// otherwise.
  Ticket add(fuse_req_t request, Operation operation, PendingRead read = {}) BM_EXCLUDES(mutex_);
  /// The request, to be answered by the caller, with an error if that is not 0; null if it was answered
  /// already.
  fuse_req_t take(Ticket ticket, int error_number = 0) BM_EXCLUDES(mutex_);
  /// `data` is what libfuse gave to the handler.
  void interrupted(void* data) BM_EXCLUDES(mutex_);
  /// Answer it with EINTR, and give it up. No effect if it was answered already.
  void interrupt(Ticket ticket) BM_EXCLUDES(mutex_);

  /// To be said of each read once it has been asked of its file. True: it was interrupted before, when there
  /// was nothing to give up yet, and is to be given up now.
  [[nodiscard]] bool begun(Ticket ticket) BM_EXCLUDES(mutex_);

  struct Asked {
    Ticket ticket = 0;
    pid_t thread = 0;
  };
  /// The reads of `handle` that wait, and which threads asked.
  [[nodiscard]] std::vector<Asked> reads_of(std::uint64_t handle) const BM_EXCLUDES(mutex_);

 private:
  struct Pending {
    fuse_req_t request = nullptr;
    PendingRead read{};
    Operation operation = Operation::read;
    SteadyTime asked{};
    bool begun = false;

    [[nodiscard]] bool is_read() const { return read.handle != 0; }
  };

  void count(const Pending& answered, int error_number);

  const fuse_interrupt_func_t on_interrupt_;
  KernelRequests requests_;

  mutable Mutex mutex_;
  Ticket next_ BM_GUARDED_BY(mutex_) = 1;
  std::unordered_map<Ticket, Pending> pending_ BM_GUARDED_BY(mutex_);
  std::unordered_set<Ticket> interrupted_early_ BM_GUARDED_BY(mutex_);  ///< reads that have not begun
};

}  // namespace blobmount
