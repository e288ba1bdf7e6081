#include "support/process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/thread.hpp"
#include "support/spawn.hpp"

namespace blobmount::tests {
namespace {

int poll_timeout(SteadyTime deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<long>(left.count(), 0));
}

/// Append what `file` has to say. False at its end.
bool read_some(int file, std::string& into) {
  std::array<char, 16384> buffer;
  const auto count = ::read(file, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  into.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

}  // namespace

Process::Process(const Command& command) {
  const auto child = spawn(command);
  pid_ = child.pid;
  stdout_ = child.output;
  stderr_ = child.error_output;
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  reader_ = start_thread("process-output", [this] { read_output(); });
}

Process::~Process() {
  // not reaped before, so the number cannot belong to anybody else
  signal_group(SIGKILL);
  ::waitpid(pid_, nullptr, 0);

  ::eventfd_write(stop_, 1);
  reader_.join();
  for (const int file : {stdout_, stderr_, stop_}) ::close(file);
}

void Process::signal(int number) const { ::kill(pid_, number); }

void Process::signal_group(int number) const { ::kill(-pid_, number); }

std::optional<int> Process::wait(Duration timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  pollfd ended{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)), POLLIN, 0};
  if (ended.fd < 0) throw std::system_error(errno, std::generic_category(), "pidfd_open");
  while (::poll(&ended, 1, poll_timeout(deadline)) < 0 && errno == EINTR) {
  }
  ::close(ended.fd);

  siginfo_t how{};
  // WNOWAIT: the destructor reaps, since until then nobody else can get this pid
  ::waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED | WNOHANG | WNOWAIT);
  if (how.si_pid == 0) return std::nullopt;
  return how.si_code == CLD_EXITED ? how.si_status : 128 + how.si_status;
}

std::string Process::output() const {
  const MutexLock lock(mutex_);
  return output_;
}

std::string Process::error_output() const {
  const MutexLock lock(mutex_);
  return error_output_;
}

bool Process::wait_for_output(std::string_view text, Duration timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  MutexLock lock(mutex_);
  while (true) {
    if (output_.find(text) != std::string::npos || error_output_.find(text) != std::string::npos) return true;
    if (output_ended_ || std::chrono::steady_clock::now() >= deadline) return false;
    arrived_.wait_until(lock.native(), deadline);
  }
}

bool Process::wait_for_end_of_output(Duration timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  MutexLock lock(mutex_);
  while (!output_ended_) {
    if (arrived_.wait_until(lock.native(), deadline) == std::cv_status::timeout) break;
  }
  return output_ended_;
}

void Process::read_output() {
  std::array<pollfd, 3> files{{{stdout_, POLLIN, 0}, {stderr_, POLLIN, 0}, {stop_, POLLIN, 0}}};
  while (files[0].fd >= 0 || files[1].fd >= 0) {
    if (::poll(files.data(), files.size(), -1) < 0) continue;
    if (files[2].revents != 0) break;
    for (std::size_t i = 0; i < 2; ++i) {
      if (files[i].revents == 0) continue;
      std::string piece;
      if (!read_some(files[i].fd, piece)) files[i].fd = -1;  // poll skips it from now on
      const MutexLock lock(mutex_);
      (i == 0 ? output_ : error_output_) += piece;
      arrived_.notify_all();
    }
  }
  const MutexLock lock(mutex_);
  output_ended_ = true;
  arrived_.notify_all();
}

std::optional<Finished> run(const Command& command, Duration timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const Process process(command);
  const auto status = process.wait(timeout);
  if (!status) return std::nullopt;
  // a grandchild may still hold the pipes: a moment is enough for what was written
  const auto left = std::chrono::ceil<Duration>(deadline - std::chrono::steady_clock::now());
  (void)process.wait_for_end_of_output(std::clamp(left, Duration{0}, Duration{5000}));
  return Finished{.status = *status, .output = process.output(), .error_output = process.error_output()};
}

}  // namespace blobmount::tests
