#pragma once

/// Stderr as a place for lines. Who reads it may have stopped: a terminal that is held, a pipe that is full,
/// a journal that is stuck.

#include <string_view>

#include "base/annotated_mutex.hpp"
#include "base/lines_log.hpp"

namespace blobmount {

class StandardError final : public LineSink {
 public:
  StandardError();
  ~StandardError() override;
  StandardError(const StandardError&) = delete;
  StandardError& operator=(const StandardError&) = delete;

  /// In one piece, as far as the system goes: lines of several threads do not mix.
  [[nodiscard]] bool write(LogLevel level, std::string_view line) override BM_EXCLUDES(mutex_);

 private:
  /// Our own way to the terminal, which does not block; those who share stderr's would not expect that of it.
  /// -1: there is none.
  const int terminal_;

  Mutex mutex_;
  bool torn_ BM_GUARDED_BY(mutex_) = false;  ///< the last line has no end
};

}  // namespace blobmount
