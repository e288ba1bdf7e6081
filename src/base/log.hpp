#pragma once

/// Events for the operator: one line each, a sentence and fields. Never a secret: its type has no way in
/// here.

#include <concepts>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "blobmount/config.hpp"

namespace blobmount {

/// A named value of an event: {"attempt", 3}.
struct LogField {
  LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
  LogField(std::string_view field, const char* text) : name(field), value(text) {}
  LogField(std::string_view field, const std::string& text) : name(field), value(text) {}
  LogField(std::string_view field, std::integral auto number) : name(field), value(std::to_string(number)) {}

  std::string_view name;
  std::string value;
};

/// Where events go. Safe to use from any thread.
class Log {
 public:
  virtual ~Log() = default;
  /// Whether an event of that level goes anywhere; spares the making of those that do not.
  [[nodiscard]] virtual bool enabled(LogLevel) const { return true; }
  virtual void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) = 0;

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::info, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::warning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::error, event, fields);
  }
};

/// To stderr: for the foreground.
std::unique_ptr<Log> log_to_stderr(LogLevel lowest);
/// To syslog: for the background.
std::unique_ptr<Log> log_to_syslog(LogLevel lowest);
/// To the end of `path`, made with mode 0600. Throws std::runtime_error where that cannot be opened.
std::unique_ptr<Log> log_to_file(const std::string& path, LogLevel lowest);

}  // namespace blobmount
