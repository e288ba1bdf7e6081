#pragma once

/// Events for the operator: a sentence and fields each. Never a secret: its type has no way in here. Where
/// they go is open_log()'s business.

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include "blobmount/config.hpp"

namespace blobmount {

/// A named value of an event: {"attempt", 3}. The name is lower case, with '_' between words. One whose value
/// is empty is left out.
struct LogField {
  LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
  LogField(std::string_view field, const char* text) : name(field), value(text) {}
  LogField(std::string_view field, const std::string& text) : name(field), value(text) {}
  LogField(std::string_view field, std::integral auto number)
      : name(field), value(std::to_string(number)), is_number(true) {}

  std::string_view name;
  std::string value;
  bool is_number = false;
};

/// Where events go. Safe to use from any thread.
class Log {
 public:
  virtual ~Log() = default;
  /// Whether an event of that level goes anywhere; spares the making of those that do not.
  [[nodiscard]] virtual bool enabled(LogLevel) const { return true; }
  /// From now on, events below `lowest` go nowhere. No effect on a log that keeps all.
  virtual void set_lowest(LogLevel /*lowest*/) {}
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

}  // namespace blobmount
