#include "base/log_line.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include "base/control_character.hpp"
#include "base/utf8.hpp"

namespace blobmount {
namespace {

void append_hex(std::string& text, unsigned char byte) {
  static constexpr std::string_view digits = "0123456789abcdef";
  text.append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
}

/// Names of blobs and answers of servers can hold anything: no event may look like two.
void append_printable(std::string& line, std::string_view text) {
  while (!text.empty()) {
    const auto control = control_size(text);
    for (const char byte : text.substr(0, control))
      append_hex(line += "\\x", static_cast<unsigned char>(byte));
    if (control == 0) line += text.front();
    text.remove_prefix(std::max<std::size_t>(control, 1));
  }
}

void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const auto size = character_size(text);
    if (size == 0) {
      append_hex(line += "\\\\x", byte);
    } else if (control_size(text) != 0) {
      append_hex(line += "\\u00", static_cast<unsigned char>(text[size - 1]));
    } else {
      if (byte == '"' || byte == '\\') line += '\\';
      line += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  line += '"';
}

void append_member(std::string& line, std::string_view name, std::string_view value) {
  append_quoted(line, name);
  line += ':';
  append_quoted(line, value);
}

}  // namespace

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

std::string iso_time(WallTime time) {
  const auto since_epoch = time.time_since_epoch();
  const auto whole = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch - whole).count();
  const std::time_t seconds = whole.count();
  std::tm local{};
  localtime_r(&seconds, &local);

  const long minutes = local.tm_gmtoff / 60;
  const long distance = minutes < 0 ? -minutes : minutes;
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02ld:%02ld",
                local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min,
                local.tm_sec, static_cast<int>(ms), minutes < 0 ? '-' : '+', distance / 60, distance % 60);
  return text.data();
}

std::string text_of(const LogEvent& event) {
  std::string line;
  append_printable(line, event.name);
  for (const auto& field : event.fields) {
    if (field.value.empty()) continue;
    line.append(" ").append(field.name).append("=");
    append_printable(line, field.value);
  }
  return line;
}

std::string text_line(WallTime time, const LogEvent& event) {
  return iso_time(time).append(" ").append(name_of(event.level)).append(" ") + text_of(event);
}

std::string json_line(WallTime time, const LogEvent& event) {
  std::string line = "{";
  append_member(line, "time", iso_time(time));
  append_member(line += ',', "level", name_of(event.level));
  append_member(line += ',', "event", event.name);
  for (const auto& field : event.fields) {
    if (field.value.empty()) continue;
    line += ',';
    if (!field.is_number) {
      append_member(line, field.name, field.value);
      continue;
    }
    append_quoted(line, field.name);
    line.append(":").append(field.value);
  }
  return line + "}";
}

}  // namespace blobmount
