#include "fuse/captured_stderr.hpp"

#include <array>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace blobmount {

CapturedStderr::CapturedStderr(std::string helper)
    : helper_(std::move(helper)),
      stderr_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)),
      kept_(memfd_create("stderr", MFD_CLOEXEC)) {
  if (stderr_ >= 0 && kept_ >= 0) dup2(kept_, STDERR_FILENO);
}

CapturedStderr::~CapturedStderr() {
  if (stderr_ >= 0 && kept_ >= 0) dup2(stderr_, STDERR_FILENO);
  std::istringstream lines(text());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(helper_)) continue;
    line += '\n';
    [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
  }
  for (const int file : {stderr_, kept_}) {
    if (file >= 0) close(file);
  }
}

std::string CapturedStderr::last_words() const {
  std::istringstream lines(text());
  std::string words;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(helper_)) words = line;
  }
  return words;
}

std::string CapturedStderr::text() const {
  std::array<char, 4096> buffer{};
  const auto count = pread(kept_, buffer.data(), buffer.size(), 0);
  return {buffer.data(), static_cast<std::size_t>(count > 0 ? count : 0)};
}

}  // namespace blobmount
