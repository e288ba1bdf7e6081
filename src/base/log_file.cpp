#include "base/log_file.hpp"

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/write_all.hpp"

namespace blobmount {
namespace {

std::runtime_error cannot_open(const std::string& path) {
  return std::runtime_error("cannot write to log-file '" + path +
                            "': " + std::system_category().message(errno));
}

// To look a path up again while mounted could be to ask ourselves, who wait: the directory is found once.
int open_directory_of(const std::string& path) {
  const auto directory = std::filesystem::path(path).parent_path();
  const int descriptor =
      ::open(directory.empty() ? "." : directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw cannot_open(path);
  return descriptor;
}

}  // namespace

LogFile::LogFile(const std::string& path)
    : directory_(open_directory_of(path)), name_(std::filesystem::path(path).filename()), file_(open_file()) {
  if (file_ >= 0) return;
  auto error = cannot_open(path);
  ::close(directory_);
  throw error;
}

LogFile::~LogFile() {
  ::close(file_);
  ::close(directory_);
}

int LogFile::open_file() const {
  // where it is a FIFO, its reader may have stopped
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  return ::openat(directory_, name_.c_str(), flags, 0600);
}

bool LogFile::write(LogLevel /*level*/, std::string_view line) {
  const MutexLock lock(mutex_);
  follow_name();
  const auto text = (torn_ ? "\n" : "") + std::string(line) + "\n";
  const auto written = write_all(file_, text);
  if (written != 0) torn_ = written != text.size();
  return written == text.size();
}

/// A look at the name costs a microsecond, so each line has one.
void LogFile::follow_name() {
  struct stat named {};
  struct stat ours {};
  const bool there = ::fstatat(directory_, name_.c_str(), &named, 0) == 0;
  if (!there && errno != ENOENT) return;
  if (there && ::fstat(file_, &ours) == 0 && named.st_dev == ours.st_dev && named.st_ino == ours.st_ino)
    return;
  const int fresh = open_file();
  if (fresh < 0) return;  // the old one takes the line, wherever it is
  ::close(file_);
  file_ = fresh;
  torn_ = false;
}

}  // namespace blobmount
