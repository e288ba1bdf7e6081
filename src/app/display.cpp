#include "app/display.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "app/json_members.hpp"
#include "base/control_character.hpp"

namespace blobmount {
namespace {

std::string with_digits(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

/// Two digits where the second one still says something.
std::string short_number(double value) { return with_digits(value, value < 9.95 ? 1 : 0); }

std::string two_units(long long value, long long in_large, const char* large, const char* small) {
  const auto rest = value % in_large;
  return std::to_string(value / in_large) + " " + large +
         (rest == 0 ? "" : " " + std::to_string(rest) + " " + small);
}

}  // namespace

std::string shown_bytes(double bytes) {
  static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  return (unit == 0 ? with_digits(bytes, 0) : with_digits(bytes, bytes < 99.95 ? 1 : 0)) + " " + units[unit];
}

std::string shown_usage(const nlohmann::json& part) {
  const auto used = shown_bytes(number_in(part, "bytes"));
  const auto limit = number_in(part, "limit");
  return limit > 0 ? used + " of " + shown_bytes(limit) : used;
}

std::string shown_seconds(double seconds) {
  const auto whole = std::llround(seconds);
  if (whole < 0) return "-" + shown_seconds(-seconds);
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min";
  if (whole < 86400) return two_units(whole / 60, 60, "h", "min");
  return two_units(whole / 3600, 24, "d", "h");
}

std::string shown_count(double count) {
  if (count == 0) return "0";
  if (count < 1000) return short_number(count);
  if (count < 1e6) return short_number(count / 1e3) + "k";
  return short_number(count / 1e6) + "M";
}

std::string shown_latency(double seconds) {
  if (seconds < 1e-3) return short_number(seconds * 1e6) + " us";
  if (seconds < 1) return short_number(seconds * 1e3) + " ms";
  return short_number(seconds) + " s";
}

std::string printable(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const auto control = control_size(text);
    clean += control != 0 ? '?' : text.front();
    text.remove_prefix(std::max<std::size_t>(control, 1));
  }
  return clean;
}

std::string shortened(const std::string& text, std::size_t width) {
  if (text.size() <= width) return text;
  if (width <= 3) return text.substr(0, width);
  auto from = text.size() - (width - 3);
  // not in the middle of a character
  while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80) ++from;
  return "..." + text.substr(from);
}

}  // namespace blobmount
