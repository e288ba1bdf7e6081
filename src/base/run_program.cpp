#include "base/run_program.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

namespace blobmount {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t longest_output = 64U << 10U;

/// In a row, so that a program that never stops printing does not keep us from looking at the clock: several
/// times what a pipe holds.
constexpr int most_reads = 64;

/// How long the end of the program may go unnoticed, if it has left its output open to others.
constexpr Duration look_pause{20};

Error failure(const std::string& program, int number) {
  const auto code = number == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable;
  return {code, "cannot run '" + program + "': " + std::generic_category().message(number)};
}

/// What the program writes, as far as it is kept.
class Captured {
 public:
  Captured() {
    text_.resize(longest_output);
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) return;
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~Captured() {
    ::explicit_bzero(text_.data(), text_.size());  // it may be a secret that came too late
    close(ends_[0]);
    close(ends_[1]);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  [[nodiscard]] bool is_open() const { return ends_[0] >= 0; }
  [[nodiscard]] pollfd to_poll() const { return {.fd = ends_[0], .events = POLLIN, .revents = 0}; }
  [[nodiscard]] int writing_end() const { return ends_[1]; }
  void close_writing_end() { close(ends_[1]); }

  /// All that is there now, unless it does not end.
  void read() {
    std::array<char, 4096> surplus{};
    for (int reads = 0; is_open() && reads < most_reads; ++reads) {
      const bool full = count_ == text_.size();
      char* const into = full ? surplus.data() : text_.data() + count_;
      const auto got = ::read(ends_[0], into, full ? surplus.size() : text_.size() - count_);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return close(ends_[0]);
      if (!full) count_ += static_cast<std::size_t>(got);
    }
  }
  std::string take() {
    text_.resize(count_);
    return std::move(text_);
  }

 private:
  static void close(int& descriptor) {
    if (descriptor >= 0) ::close(descriptor);
    descriptor = -1;
  }

  std::array<int, 2> ends_{-1, -1};
  std::string text_;
  std::size_t count_ = 0;
};

/// How a child begins: signals as new programs expect them, for ours are blocked in all threads but one; a
/// process group of its own, to be killed with what it starts.
class Beginning {
 public:
  Beginning(int output, int error_output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addchdir_np(&actions_, "/");
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, error_output, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);

    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
  }
  ~Beginning() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Beginning(const Beginning&) = delete;
  Beginning& operator=(const Beginning&) = delete;

  Result<pid_t> start(std::vector<std::string> arguments) {
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    pid_t child = -1;
    const int number =
        posix_spawnp(&child, pointers.front(), &actions_, &attributes_, pointers.data(), environ);
    if (number != 0) return failure(arguments.front(), number);
    return child;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Its status, once it has ended; -1 where somebody else has taken that.
std::optional<int> end_of(pid_t child, int options) {
  int status = 0;
  const auto ended = ::waitpid(child, &status, options);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return std::nullopt;
  if (ended < 0) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<ProgramEnd> run_program(const std::vector<std::string>& arguments, Duration at_most) {
  const auto deadline = steady_clock::now() + at_most;
  Captured output, error_output;
  if (!output.is_open() || !error_output.is_open()) return failure(arguments.front(), EMFILE);
  BM_ASSIGN(child, Beginning(output.writing_end(), error_output.writing_end()).start(arguments));
  output.close_writing_end();
  error_output.close_writing_end();

  std::optional<int> status;
  while (!(status = end_of(child, WNOHANG))) {
    if (steady_clock::now() >= deadline) break;
    std::array watched{output.to_poll(), error_output.to_poll()};  // those that are closed are left out
    ::poll(watched.data(), watched.size(), static_cast<int>(look_pause.count()));
    output.read();
    error_output.read();
  }
  if (!status) {
    ::kill(-child, SIGKILL);
    while (!end_of(child, 0)) continue;
    return Error{ErrorCode::timed_out, "'" + arguments.front() + "' has not ended in time"};
  }
  output.read();
  error_output.read();
  return ProgramEnd{*status, output.take(), error_output.take()};
}

}  // namespace blobmount
