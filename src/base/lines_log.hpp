#pragma once

/// A log that writes each event as a line, to whoever takes lines.

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "base/log.hpp"
#include "base/log_line.hpp"

namespace blobmount {

/// Takes lines without their end. Safe to use from any thread. What cannot be written is lost: a log that is
/// broken ends no mount.
class LineSink {
 public:
  virtual ~LineSink() = default;
  virtual void write(LogLevel level, std::string_view line) = 0;
};

/// Which levels go anywhere; can be changed at any time.
class LeveledLog : public Log {
 public:
  explicit LeveledLog(LogLevel lowest) : lowest_(lowest) {}

  [[nodiscard]] bool enabled(LogLevel level) const final { return level >= lowest_.load(); }
  void set_lowest(LogLevel lowest) final { lowest_.store(lowest); }

 private:
  std::atomic<LogLevel> lowest_;
};

class LinesLog final : public LeveledLog {
 public:
  using Form = std::function<std::string(const LogEvent&)>;

  LinesLog(std::unique_ptr<LineSink> sink, Form form, LogLevel lowest)
      : LeveledLog(lowest), sink_(std::move(sink)), form_(std::move(form)) {}

  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override {
    if (enabled(level)) sink_->write(level, form_({level, event, fields}));
  }

 private:
  const std::unique_ptr<LineSink> sink_;
  const Form form_;
};

}  // namespace blobmount
