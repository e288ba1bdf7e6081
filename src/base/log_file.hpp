#pragma once

/// A file of lines that others may move away at any time, as logrotate does: the next line goes to a new file
/// of its name.

#include <string>

#include "base/annotated_mutex.hpp"
#include "base/lines_log.hpp"

namespace blobmount {

class LogFile final : public LineSink {
 public:
  /// Goes on at the end of `path`, made with mode 0600. Its directory stays the one that it is now, whatever
  /// is mounted over it. Throws std::runtime_error where it cannot be opened.
  explicit LogFile(const std::string& path);
  ~LogFile() override;
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  [[nodiscard]] bool write(LogLevel level, std::string_view line) override BM_EXCLUDES(mutex_);

 private:
  [[nodiscard]] int open_file() const;
  void follow_name() BM_REQUIRES(mutex_);

  const int directory_;
  const std::string name_;

  Mutex mutex_;
  int file_ BM_GUARDED_BY(mutex_);
  bool torn_ BM_GUARDED_BY(mutex_) = false;  ///< the last line has no end, for the file system was full
};

}  // namespace blobmount
