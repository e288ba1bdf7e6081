#pragma once

/// A mount in the kernel: made, served until it ends, taken away.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "fuse/adapter.hpp"
#include "fuse/errands.hpp"

struct fuse_session;

namespace blobmount {

struct MountOptions {
  std::string mount_point;  ///< absolute; or /dev/fd/N, see fuse/handed_over.hpp
  std::string source;       ///< what `df` and `mount` show
  bool allow_other = false;
  bool no_exec = false;
  unsigned ring_depth = 0;  ///< requests over io_uring for each core; 0: over /dev/fuse
};

class Session {
 public:
  /// Mounts. Errors: a sentence for the one who mounts. `adapter` outlives the session. One at a time in a
  /// process: libfuse's log and signal handlers are global. From now on until the session has been destroyed,
  /// SIGINT, SIGTERM and SIGHUP end serve() and nothing else.
  static Result<std::unique_ptr<Session>> mount(const MountOptions& options, Adapter& adapter);
  /// Takes the mount away if it is still there and was made here. One that was handed over is dead from now
  /// on, and whoever made it takes it away.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Serve the kernel until it unmounts, or SIGINT, SIGTERM or SIGHUP comes, or has come. Call on the main
  /// thread.
  Status serve();

  /// Have the thread that takes the kernel's requests run `errand`; never, where nobody takes any. On any
  /// thread.
  void leave_errand(std::function<void()> errand) { errands_.leave(std::move(errand)); }

  /// For KernelNotices.
  [[nodiscard]] fuse_session* handle() const { return session_; }

 private:
  Session(fuse_session* session, bool handed_over) : session_(session), handed_over_(handed_over) {}

  fuse_session* const session_;
  const bool handed_over_;
  Errands errands_;
};

}  // namespace blobmount
