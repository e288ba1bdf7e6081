#include "fuse/session.hpp"

#include <cstdarg>
#include <cstdio>

#include <fcntl.h>

#include "fuse/captured_stderr.hpp"
#include "fuse/fuse_api.hpp"
#include "fuse/handed_over.hpp"
#include "fuse/parallel_lookups.hpp"
#include "fuse/request_loop.hpp"

namespace blobmount {
namespace {

/// What libfuse said last on this thread: its functions return no reasons.
std::string& last_words() {
  thread_local std::string words;
  return words;
}

void take_words(fuse_log_level level, const char* format, va_list arguments) {
  if (level > FUSE_LOG_WARNING) return;
  std::array<char, 512> line{};
  std::vsnprintf(line.data(), line.size(), format, arguments);
  last_words() = line.data();
  while (last_words().ends_with('\n')) last_words().pop_back();
}

Error refused(const std::string& what) {
  return {ErrorCode::permission_denied, what + (last_words().empty() ? "" : ": " + last_words())};
}

/// fusermount3, which mounts for those who may not, gives its reasons on stderr; ours is one line.
Status mount_quietly(fuse_session* session, const std::string& mount_point) {
  const CapturedStderr captured("fusermount");
  if (fuse_session_mount(session, mount_point.c_str()) == 0) return {};
  if (const auto words = captured.last_words(); !words.empty()) last_words() = words;
  return refused("no permission to mount: run as root, or install fuse3; a container needs CAP_SYS_ADMIN");
}

class Arguments {
 public:
  Arguments() { fuse_opt_add_arg(&arguments_, "blobmount"); }
  ~Arguments() { fuse_opt_free_args(&arguments_); }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  void add_option(const std::string& option) {
    char* escaped = nullptr;
    fuse_opt_add_opt_escaped(&escaped, option.c_str());
    fuse_opt_add_arg(&arguments_, "-o");
    fuse_opt_add_arg(&arguments_, escaped);
    free(escaped);
  }
  fuse_args* get() { return &arguments_; }

 private:
  fuse_args arguments_ = FUSE_ARGS_INIT(0, nullptr);
};

}  // namespace

Result<std::unique_ptr<Session>> Session::mount(const MountOptions& options, Adapter& adapter) {
  fuse_set_log_func(take_words);
  Arguments arguments;
  arguments.add_option("fsname=" + options.source);
  for (const auto* option : {"ro", "subtype=blobmount", "default_permissions", "nosuid", "nodev"})
    arguments.add_option(option);
  if (options.allow_other) arguments.add_option("allow_other");
  if (options.no_exec) arguments.add_option("noexec");
  if (options.ring_depth != 0) {
    arguments.add_option("io_uring");
    arguments.add_option("io_uring_q_depth=" + std::to_string(options.ring_depth));
  }

  const auto operations = Adapter::operations();
  fuse_session* const session = fuse_session_new(arguments.get(), &operations, sizeof(operations), &adapter);
  if (session == nullptr) return refused("libfuse refuses the mount options");
  const auto handed_over = handed_over_descriptor(options.mount_point);
  std::unique_ptr<Session> mounted(new Session(session, handed_over.has_value()));
  // as long as there is a mount: a signal that kills would leave a dead one behind
  if (fuse_set_signal_handlers(session) != 0) return refused("cannot handle signals");
  if (auto status = mount_quietly(session, options.mount_point); !status) return std::move(status).error();
  // what we start must not have it: the mount would seem alive after our end
  if (handed_over) ::fcntl(*handed_over, F_SETFD, FD_CLOEXEC);
  allow_parallel_lookups(session);
  return mounted;
}

Session::~Session() {
  // libfuse would try to unmount "/dev/fd/N"
  if (!handed_over_) fuse_session_unmount(session_);
  fuse_remove_signal_handlers(session_);
  fuse_session_destroy(session_);
}

Status Session::serve() { return RequestLoop(session_, errands_).run(); }

}  // namespace blobmount
