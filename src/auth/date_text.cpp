#include "auth/date_text.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace blobmount {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Takes a text apart from its beginning. Once a part is not there, nothing is.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  unsigned number(std::size_t least_digits, std::size_t most_digits) {
    unsigned value = 0;
    const auto end = rest_.data() + std::min(rest_.size(), most_digits);
    const auto [stop, error] = std::from_chars(rest_.data(), end, value);
    const auto digits = static_cast<std::size_t>(stop - rest_.data());
    require(error == std::errc{} && digits >= least_digits);
    rest_.remove_prefix(digits);
    return value;
  }
  bool skip(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  void require(bool holds) { good_ = good_ && holds; }
  void skip_fraction() {
    if (!skip(".")) return;
    require(!rest_.empty() && rest_.find_first_of("0123456789") == 0);
    const auto end = rest_.find_first_not_of("0123456789");
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
  }
  /// Nothing is left, and nothing was missing.
  [[nodiscard]] bool complete() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

seconds time_of_day(Reader& reader) {
  const auto hour = reader.number(1, 2);
  reader.require(reader.skip(":"));
  const auto minute = reader.number(2, 2);
  reader.require(reader.skip(":"));
  const auto second = reader.number(2, 2);
  reader.require(hour < 24 && minute < 60 && second <= 60);
  return hours{hour} + minutes{minute} + seconds{second};
}

/// What a clock there is ahead of UTC.
seconds zone(Reader& reader) {
  if (reader.skip("Z")) return seconds{0};
  const bool behind = reader.skip("-");
  reader.require(behind || reader.skip("+"));
  const auto hour = reader.number(2, 2);
  reader.skip(":");
  const auto minute = reader.number(2, 2);
  reader.require(hour < 24 && minute < 60);
  const auto ahead = hours{hour} + minutes{minute};
  return behind ? -ahead : ahead;
}

/// Of a clock with twelve hours, what its halves add.
seconds half_of_day(Reader& reader, seconds time) {
  const bool noon_or_midnight = time >= hours{12} && time < hours{13};
  if (reader.skip(" PM")) return noon_or_midnight ? seconds{0} : hours{12};
  if (reader.skip(" AM")) return noon_or_midnight ? -hours{12} : seconds{0};
  return seconds{0};
}

std::optional<std::chrono::sys_seconds> moment(Reader& reader, unsigned year, unsigned month, unsigned day,
                                               seconds time) {
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!reader.complete() || !date.ok()) return std::nullopt;
  return std::chrono::sys_days{date} + time;
}

std::optional<std::chrono::sys_seconds> iso_date(Reader reader) {
  const auto year = reader.number(4, 4);
  reader.require(reader.skip("-"));
  const auto month = reader.number(2, 2);
  reader.require(reader.skip("-"));
  const auto day = reader.number(2, 2);
  reader.require(reader.skip("T") || reader.skip(" "));
  auto time = time_of_day(reader);
  reader.skip_fraction();
  time -= zone(reader);
  return moment(reader, year, month, day, time);
}

std::optional<std::chrono::sys_seconds> american_date(Reader reader) {
  const auto month = reader.number(1, 2);
  reader.require(reader.skip("/"));
  const auto day = reader.number(1, 2);
  reader.require(reader.skip("/"));
  const auto year = reader.number(4, 4);
  reader.require(reader.skip(" "));
  auto time = time_of_day(reader);
  time += half_of_day(reader, time);
  reader.require(reader.skip(" "));
  time -= zone(reader);
  return moment(reader, year, month, day, time);
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_date(std::string_view text) {
  const Reader reader(text);
  const bool american = text.find('/') != std::string_view::npos;
  return american ? american_date(reader) : iso_date(reader);
}

}  // namespace blobmount
