#include "base/standard_error.hpp"

#include <cerrno>
#include <climits>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace blobmount {
namespace {

int open_terminal() {
  if (::isatty(STDERR_FILENO) == 0) return -1;
  return ::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

bool takes_more(int file) {
  pollfd waiting{file, POLLOUT, 0};
  return ::poll(&waiting, 1, 0) == 1 && (waiting.revents & POLLOUT) != 0;
}

/// How many bytes of `text` were taken. A pipe or socket that takes anything takes PIPE_BUF bytes at once:
/// pipe(7).
std::size_t write_what_is_taken(int file, std::string_view text) {
  std::size_t done = 0;
  while (done < text.size() && takes_more(file)) {
    const auto piece = text.substr(done, PIPE_BUF);
    const auto written = ::write(file, piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  return done;
}

}  // namespace

StandardError::StandardError() : terminal_(open_terminal()) {}

StandardError::~StandardError() {
  if (terminal_ >= 0) ::close(terminal_);
}

bool StandardError::write(LogLevel /*level*/, std::string_view line) {
  const MutexLock lock(mutex_);
  const auto text = (torn_ ? "\n" : "") + std::string(line) + "\n";
  const auto written = write_what_is_taken(terminal_ >= 0 ? terminal_ : STDERR_FILENO, text);
  if (written != 0) torn_ = written != text.size();
  return written == text.size();
}

}  // namespace blobmount
