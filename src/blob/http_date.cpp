#include "blob/http_date.hpp"

#include <charconv>

namespace blobmount {
namespace {

constexpr std::string_view pattern = "www, dd mmm yyyy hh:mm:ss GMT";
constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// Every character of `text` that is not a letter or a digit in the pattern is the pattern's own.
bool fits_pattern(std::string_view text) {
  if (text.size() != pattern.size() || !text.ends_with(" GMT")) return false;
  for (const std::size_t i : {3U, 4U, 7U, 11U, 16U, 19U, 22U}) {
    if (text[i] != pattern[i]) return false;
  }
  return true;
}

std::optional<unsigned> number(std::string_view digits) {
  unsigned value = 0;
  const auto end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<unsigned> month_number(std::string_view name) {
  const auto position = months.find(name);
  if (position == months.npos || position % 3 != 0) return std::nullopt;
  return static_cast<unsigned>(position / 3 + 1);
}

/// WallTime counts nanoseconds in 64 bits.
bool representable(std::chrono::year year) {
  return year > std::chrono::year(1677) && year < std::chrono::year(2262);
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
  if (!fits_pattern(text)) return std::nullopt;
  const auto day = number(text.substr(5, 2));
  const auto month = month_number(text.substr(8, 3));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (!day || !month || !year || !hour || !minute || !second) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  // 60: a leap second
  if (!date.ok() || !representable(date.year()) || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

}  // namespace blobmount
