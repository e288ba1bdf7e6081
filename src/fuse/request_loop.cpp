#include "fuse/request_loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "base/thread.hpp"
#include "fuse/parallel_lookups.hpp"

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

/// Whether to answer it may take longer than to wake another thread: it copies a lot, or looks at the disk.
bool is_long(const RequestBuffer& request) {
  switch (request.head().opcode) {
    case FUSE_READDIR:
    case FUSE_READDIRPLUS:
    case FUSE_GETXATTR:
      return true;
    case FUSE_READ:
      return request.read().size > short_read;
    default:
      return false;
  }
}

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

  /// Until `file` can be read, or one came: then true.
  [[nodiscard]] bool wait(int file) const {
    pollfd event{file, POLLIN, 0};
    return ::ppoll(&event, 1, nullptr, &before_) < 0 && errno == EINTR;
  }

 private:
  sigset_t before_{};
};

}  // namespace

/// Ends them when it goes. Where the system has not enough of them, those that could be started do it.
class RequestLoop::Threads {
 public:
  explicit Threads(RequestLoop& loop) : loop_(loop) {
    try {
      while (threads_.size() < thread_count())
        threads_.push_back(start_thread("fuse", [&loop] { loop.work(); }));
    } catch (const std::system_error&) {
      if (threads_.empty()) throw;
    }
  }
  ~Threads() {
    fuse_session_exit(loop_.session_);
    loop_.end();
    for (auto& thread : threads_) thread.join();
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  RequestLoop& loop_;
  std::vector<std::thread> threads_;
};

RequestLoop::RequestLoop(fuse_session* session, Errands& errands)
    : session_(session),
      errands_(errands),
      device_(fuse_session_fd(session)),
      ended_(::eventfd(0, EFD_CLOEXEC)) {
  const int flags = ::fcntl(device_, F_GETFL);
  if (!ended_ || ::fcntl(device_, F_SETFL, flags | O_NONBLOCK) != 0)
    throw std::system_error(errno, std::system_category(), "serve the kernel");
}

Status RequestLoop::run() {
  bool asked_to_end = false;
  {
    const SignalsHeld signals;
    asked_to_end = fuse_session_exited(session_) != 0;
    const Threads threads(*this);
    while (fuse_session_exited(session_) == 0) asked_to_end = signals.wait(ended_.number());
  }
  const MutexLock lock(turn_);
  if (failure_) {
    return Error{ErrorCode::internal,
                 "the kernel's connection broke: " + std::system_category().message(*failure_)};
  }
  if (unmounted_ || asked_to_end) return {};
  return Error{ErrorCode::internal, "libfuse cannot go on with this kernel"};
}

void RequestLoop::work() {
  RequestBuffer request;
  MutexLock turn(turn_);
  while (take(request)) {
    const bool others_take = is_long(request) || many_wait();
    if (others_take) turn.native().unlock();
    if (request.head().opcode == FUSE_INIT) note_init(request.head().unique);
    fuse_buf buffer{};
    buffer.mem = request.data();
    buffer.size = request.size();
    fuse_session_process_buf(session_, &buffer);
    if (others_take) turn.native().lock();
  }
  end();
}

void RequestLoop::end() { ::eventfd_write(ended_.number(), 1); }

bool RequestLoop::take(RequestBuffer& request) {
  while (fuse_session_exited(session_) == 0) {
    std::array<pollfd, 3> files{
        {{device_, POLLIN, 0}, {ended_.number(), POLLIN, 0}, {errands_.number(), POLLIN, 0}}};
    if (::poll(files.data(), files.size(), -1) < 0 || files[1].revents != 0) continue;
    if (files[2].revents != 0) errands_.run();
    if (files[0].revents == 0) continue;
    const int size = request.take(device_);
    if (size > 0) return true;
    if (size == -EAGAIN) continue;
    unmounted_ = size == -ENODEV;
    if (!unmounted_) failure_ = -size;
    fuse_session_exit(session_);
  }
  return false;
}

bool RequestLoop::many_wait() {
  if (++taken_ % asked_at != 0 && waiting_ == 0) return false;
  pollfd device{device_, POLLIN, 0};
  waiting_ = ::poll(&device, 1, 0) > 0 ? waiting_ + 1 : 0;
  return waiting_ >= many;
}

}  // namespace blobmount
