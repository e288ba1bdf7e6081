#pragma once

/// How an event is written: as a line of text, or as a line of JSON. Whatever names and answers hold, one
/// event is one line.

#include <initializer_list>
#include <string>
#include <string_view>

#include "blobmount/clock.hpp"

#include "base/log.hpp"

namespace blobmount {

std::string_view name_of(LogLevel level);

/// ISO 8601 with milliseconds, in the machine's time zone: "2026-11-30T02:18:22.123+00:00".
std::string iso_time(WallTime time);

struct LogEvent {
  LogLevel level;
  std::string_view name;
  std::initializer_list<LogField> fields;
};

/// "token renewed lifetime_s=86399": without time and level, for those who keep them by themselves. Control
/// characters stand there as "\x0a", byte by byte.
std::string text_of(const LogEvent& event);
/// "2026-11-30T02:18:22.123+00:00 info token renewed lifetime_s=86399"
std::string text_line(WallTime time, const LogEvent& event);
/// {"time":"2026-11-30T02:18:22.123+00:00","level":"info","event":"token renewed","lifetime_s":86399}
/// Bytes that are no UTF-8 stand there as the four characters "\xff".
std::string json_line(WallTime time, const LogEvent& event);

}  // namespace blobmount
