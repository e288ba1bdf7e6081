#pragma once

/// A log that writes each event as a line, to whoever takes lines.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "base/log.hpp"
#include "base/log_line.hpp"

namespace blobmount {

/// Takes lines without their end. Safe to use from any thread.
class LineSink {
 public:
  virtual ~LineSink() = default;
  /// False: it is lost. Waits for no other program.
  [[nodiscard]] virtual bool write(LogLevel level, std::string_view line) = 0;
};

/// Which levels go anywhere, which can be changed at any time. What its place does not take at once is lost,
/// and counted there when it takes something again: a log that is stuck holds up no mount, and one that is
/// broken ends none.
class LeveledLog : public Log {
 public:
  explicit LeveledLog(LogLevel lowest) : lowest_(lowest) {}

  [[nodiscard]] bool enabled(LogLevel level) const final { return level >= lowest_.load(); }
  void set_lowest(LogLevel lowest) final { lowest_.store(lowest); }

  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) final {
    if (!enabled(level)) return;
    if (take({level, event, fields})) return tell_lost();
    ++lost_;
  }

 private:
  /// False: it is lost. Waits for no other program.
  [[nodiscard]] virtual bool take(const LogEvent& event) = 0;

  void tell_lost() {
    const auto count = lost_.exchange(0);
    if (count != 0 &&
        !take({LogLevel::error, "events were lost, for the log did not take them", {{"count", count}}}))
      lost_ += count;
  }

  std::atomic<LogLevel> lowest_;
  std::atomic<std::uint64_t> lost_{0};
};

class LinesLog final : public LeveledLog {
 public:
  using Form = std::function<std::string(const LogEvent&)>;

  LinesLog(std::unique_ptr<LineSink> sink, Form form, LogLevel lowest)
      : LeveledLog(lowest), sink_(std::move(sink)), form_(std::move(form)) {}

 private:
  [[nodiscard]] bool take(const LogEvent& event) override { return sink_->write(event.level, form_(event)); }

  const std::unique_ptr<LineSink> sink_;
  const Form form_;
};

}  // namespace blobmount
