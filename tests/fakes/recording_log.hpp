#pragma once

/// A log that remembers its lines: "warning token not renewed reason=...".

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/annotated_mutex.hpp"
#include "base/log.hpp"
#include "base/log_line.hpp"

namespace blobmount::tests {

class RecordingLog final : public Log {
 public:
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override
      BM_EXCLUDES(mutex_) {
    auto line = std::string(name_of(level)).append(" ").append(event);
    for (const auto& field : fields) {
      if (!field.value.empty()) line.append(" ").append(field.name).append("=").append(field.value);
    }

    const MutexLock lock(mutex_);
    lines_.push_back(std::move(line));
  }

  [[nodiscard]] std::vector<std::string> lines() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return lines_;
  }

  /// Without what only developers read.
  [[nodiscard]] std::vector<std::string> lines_for_operators() const BM_EXCLUDES(mutex_) {
    auto kept = lines();
    std::erase_if(kept, [](const auto& line) { return line.starts_with("debug"); });
    return kept;
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::string> lines_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount::tests
