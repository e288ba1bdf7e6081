#include "fuse/request_loop.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include <linux/fuse.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "base/thread.hpp"

namespace blobmount {
namespace {

/// Handing requests on takes no more; each that copies what it reads needs a core.
unsigned thread_count() { return std::clamp(std::thread::hardware_concurrency(), 4U, 16U); }

/// What takes about as long to copy as another thread to wake up.
constexpr std::uint32_t short_read = 32U << 10U;

/// To ask how many wait costs as much as a short answer: asked at one request of so many, and at each one
/// after another was found to wait.
constexpr unsigned asked_at = 8;
/// Requests in a row behind each of which another one waits: more than one process asks.
constexpr unsigned many = 4;

/// Its memory is libfuse's to allocate and ours to free.
class Request {
 public:
  Request() = default;
  ~Request() { std::free(buffer.mem); }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  /// Whether to answer it may take longer than to wake another thread: it copies a lot, or looks at the disk.
  [[nodiscard]] bool is_long() const {
    fuse_in_header head{};
    std::memcpy(&head, buffer.mem, sizeof(head));
    if (head.opcode == FUSE_READDIR || head.opcode == FUSE_READDIRPLUS || head.opcode == FUSE_GETXATTR)
      return true;
    if (head.opcode != FUSE_READ || buffer.size < sizeof(head) + sizeof(fuse_read_in)) return false;
    fuse_read_in read{};
    std::memcpy(&read, static_cast<const char*>(buffer.mem) + sizeof(head), sizeof(read));
    return read.size > short_read;
  }

  fuse_buf buffer{};
};

/// The signals that end a mount reach this thread only while it waits for them.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t ending;
    sigemptyset(&ending);
    for (const int signal : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&ending, signal);
    pthread_sigmask(SIG_BLOCK, &ending, &before_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

  /// Until `file` can be read, or one came.
  void wait(int file) const {
    pollfd event{file, POLLIN, 0};
    ::ppoll(&event, 1, nullptr, &before_);
  }

 private:
  sigset_t before_{};
};

void let_be_cancelled(bool enabled) {
  int before = 0;
  pthread_setcancelstate(enabled ? PTHREAD_CANCEL_ENABLE : PTHREAD_CANCEL_DISABLE, &before);
}

}  // namespace

/// Ends them when it goes: those that wait for the kernel in read(2) are cancelled there, as libfuse does.
class RequestLoop::Threads {
 public:
  explicit Threads(RequestLoop& loop) : loop_(loop) {
    for (unsigned i = 0; i < thread_count(); ++i) {
      threads_.push_back(start_thread("fuse", [&loop] {
        let_be_cancelled(false);
        loop.work();
      }));
    }
  }
  ~Threads() {
    fuse_session_exit(loop_.session_);
    for (auto& thread : threads_) pthread_cancel(thread.native_handle());
    for (auto& thread : threads_) thread.join();
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  RequestLoop& loop_;
  std::vector<std::thread> threads_;
};

RequestLoop::RequestLoop(fuse_session* session) : session_(session), ended_(::eventfd(0, EFD_CLOEXEC)) {
  if (!ended_) throw std::system_error(errno, std::system_category(), "eventfd");
}

Status RequestLoop::run() {
  {
    const SignalsHeld signals;
    const Threads threads(*this);
    while (fuse_session_exited(session_) == 0) signals.wait(ended_.number());
  }
  const MutexLock lock(turn_);
  if (!failure_) return {};
  return Error{ErrorCode::internal,
               "the kernel's connection broke: " + std::system_category().message(*failure_)};
}

void RequestLoop::work() {
  Request request;
  MutexLock turn(turn_);
  while (take(request.buffer)) {
    const bool others_take = request.is_long() || many_wait();
    if (others_take) turn.native().unlock();
    fuse_session_process_buf(session_, &request.buffer);
    if (others_take) turn.native().lock();
  }
  ::eventfd_write(ended_.number(), 1);
}

bool RequestLoop::take(fuse_buf& request) {
  while (fuse_session_exited(session_) == 0) {
    let_be_cancelled(true);
    const int size = fuse_session_receive_buf(session_, &request);
    let_be_cancelled(false);
    if (size > 0) return true;
    if (size == 0) break;
    if (size == -EINTR || size == -EAGAIN) continue;
    failure_ = -size;
    fuse_session_exit(session_);
  }
  return false;
}

bool RequestLoop::many_wait() {
  if (++taken_ % asked_at != 0 && waiting_ == 0) return false;
  pollfd device{fuse_session_fd(session_), POLLIN, 0};
  waiting_ = ::poll(&device, 1, 0) > 0 ? waiting_ + 1 : 0;
  return waiting_ >= many;
}

}  // namespace blobmount
