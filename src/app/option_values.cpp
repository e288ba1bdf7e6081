#include "app/option_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <system_error>

#include "base/text.hpp"

namespace blobmount {
namespace {

constexpr std::string_view digits = "0123456789";

constexpr std::string_view digits_and_point = "0123456789.";

struct SizeUnit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array size_units{SizeUnit{"TiB", 1ULL << 40U}, SizeUnit{"GiB", 1ULL << 30U},
                                SizeUnit{"MiB", 1ULL << 20U}, SizeUnit{"KiB", 1ULL << 10U}, SizeUnit{"B", 1}};

struct TimeUnit {
  std::string_view name;
  Duration time;
};
constexpr std::array time_units{TimeUnit{"d", std::chrono::hours{24}}, TimeUnit{"h", std::chrono::hours{1}},
                                TimeUnit{"m", std::chrono::minutes{1}},
                                TimeUnit{"s", std::chrono::seconds{1}}, TimeUnit{"ms", Duration{1}}};

/// All digits, and few enough of them to be multiplied by any unit.
std::optional<std::uint64_t> whole_number(std::string_view text, std::size_t most_digits) {
  std::uint64_t number = 0;
  if (text.size() > most_digits) return std::nullopt;
  const auto* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::optional<double> decimal_number(std::string_view text) {
  double number = 0;
  // not "nan", "inf" or "1e99", which are numbers too
  if (text.empty() || text.find_first_not_of(digits_and_point) != std::string_view::npos) return std::nullopt;
  const auto* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc() || stop != end) return std::nullopt;
  return number;
}

Error not_taken(std::string_view what, std::string_view text) {
  return {ErrorCode::invalid_argument, "takes " + std::string(what) + ", not '" + std::string(text) + "'"};
}

std::optional<Duration> duration_of(std::string_view text) {
  static constexpr std::size_t most_digits = 9;
  const auto count = std::min(text.find_first_not_of(digits), text.size());
  const auto unit = std::ranges::find(time_units, text.substr(count), &TimeUnit::name);
  if (unit != time_units.end()) {
    const auto number = whole_number(text.substr(0, count), most_digits);
    if (!number) return std::nullopt;
    return static_cast<Duration::rep>(*number) * unit->time;
  }
  const auto seconds = decimal_number(text);
  if (!seconds || text.size() > most_digits + 4) return std::nullopt;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*seconds));
}

Error not_a_pattern(std::string_view text, const std::string& why) {
  return {ErrorCode::invalid_argument,
          "takes names or patterns such as logs-*, not '" + std::string(text) + "': " + why};
}

/// Where the bracket that opens at `open` ends, as fnmatch(3) sees it; npos: nowhere.
std::size_t end_of_bracket(std::string_view pattern, std::size_t open) {
  auto at = open + 1;
  if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) ++at;
  for (const auto first = at; at < pattern.size(); ++at) {
    if (pattern[at] == ']' && at != first) return at;
    if (pattern[at] == '\\') ++at;
    const auto next = at + 1 < pattern.size() ? pattern[at + 1] : '\0';
    if (pattern[at] != '[' || std::string_view(":.=").find(next) == std::string_view::npos) continue;
    // "[:alpha:]" has a bracket of its own
    const auto end = pattern.find(std::string{next, ']'}, at + 2);
    if (end != std::string_view::npos) at = end + 1;
  }
  return std::string_view::npos;
}

/// Names of containers have letters, digits and hyphens; those of the service begin with '$'.
bool can_be_in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '$';
}

Status check_pattern(std::string_view pattern) {
  if (pattern.empty()) return not_a_pattern(pattern, "it is empty");
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '[') {
      at = end_of_bracket(pattern, at);
      if (at == std::string_view::npos) return not_a_pattern(pattern, "a '[' is not closed by ']'");
      continue;
    }
    if (pattern[at] == '*' || pattern[at] == '?') continue;
    if (pattern[at] == '\\' && ++at == pattern.size()) return not_a_pattern(pattern, "it ends with '\\'");
    if (!can_be_in_name(pattern[at])) {
      return not_a_pattern(pattern, "no container's name has '" + std::string(1, pattern[at]) + "'");
    }
  }
  return {};
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text, Bounds<std::uint64_t> bounds) {
  static constexpr std::size_t most_digits = 15;
  const auto count = std::min(text.find_first_not_of(digits), text.size());
  auto unit = text.substr(count);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const auto found = std::ranges::find_if(
      size_units, [unit](const SizeUnit& known) { return same_but_for_case(known.name, unit); });
  const auto number = whole_number(text.substr(0, count), most_digits);
  const auto factor = unit.empty() ? 1 : found != size_units.end() ? found->bytes : 0;
  std::uint64_t bytes = 0;
  const bool is_size = number && factor != 0 && !__builtin_mul_overflow(*number, factor, &bytes);
  if (is_size && bytes >= bounds.least && bytes <= bounds.most) return bytes;
  auto taken = std::string("a size such as 1073741824, 512MiB or 2GiB");
  if (is_size) taken += ", from " + size_text(bounds.least) + " to " + size_text(bounds.most);
  return not_taken(taken, text);
}

std::string size_text(std::uint64_t bytes) {
  if (bytes == 0) return "0";
  const auto unit =
      std::ranges::find_if(size_units, [bytes](const SizeUnit& known) { return bytes % known.bytes == 0; });
  return std::to_string(bytes / unit->bytes) + std::string(unit->bytes == 1 ? "" : unit->name);
}

Result<Duration> parse_duration(std::string_view text, Bounds<Duration> bounds) {
  const auto duration = duration_of(text);
  if (duration && *duration >= bounds.least && *duration <= bounds.most) return *duration;
  return not_taken("a duration such as 30s, 5m, 2h or 1d, from " + duration_text(bounds.least) + " to " +
                       duration_text(bounds.most),
                   text);
}

std::string duration_text(Duration duration) {
  if (duration == Duration{0}) return "0";
  const auto unit = std::ranges::find_if(
      time_units, [duration](const TimeUnit& known) { return duration % known.time == Duration{0}; });
  return std::to_string(duration / unit->time) + std::string(unit->name);
}

Result<std::uint64_t> parse_number(std::string_view text, Bounds<std::uint64_t> bounds) {
  static constexpr std::size_t most_digits = 15;
  const auto number = whole_number(text, most_digits);
  if (number && *number >= bounds.least && *number <= bounds.most) return *number;
  return not_taken("a number from " + std::to_string(bounds.least) + " to " + std::to_string(bounds.most),
                   text);
}

Result<double> parse_decimal(std::string_view text) {
  if (const auto number = decimal_number(text)) return *number;
  return not_taken("a number such as 1 or 0.5", text);
}

std::string decimal_text(double number) {
  std::array<char, 32> text{};
  const auto [end, failed] = std::to_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() ? std::string(text.data(), end) : std::string();
}

Result<bool> parse_switch(std::string_view text) {
  for (const std::string_view yes : {"on", "true", "yes", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"off", "false", "no", "0"}) {
    if (text == no) return false;
  }
  return not_taken("on or off", text);
}

Result<mode_t> parse_mode(std::string_view text) {
  static constexpr unsigned octal = 8, most = 0777;
  unsigned mode = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, mode, octal);
  if (failed == std::errc() && stop == end && mode <= most) return mode;
  return not_taken("an octal mode up to 0777", text);
}

std::string mode_text(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

Result<Consistency> parse_consistency(std::string_view text) {
  static constexpr std::string_view cached = "cached:";
  static constexpr Bounds<Duration> ages{std::chrono::seconds{1}, std::chrono::hours{3650 * 24}};
  using Kind = Consistency::Kind;
  if (text == "close-to-open") return Consistency{Kind::close_to_open};
  if (text == "immutable") return Consistency{Kind::immutable};
  if (text.starts_with(cached)) {
    BM_ASSIGN(age, parse_duration(text.substr(cached.size()), ages));
    return Consistency{Kind::cached, age};
  }
  return not_taken("close-to-open, cached:DURATION (such as cached:5m) or immutable", text);
}

std::string consistency_text(const Consistency& consistency) {
  switch (consistency.kind) {
    case Consistency::Kind::close_to_open:
      return "close-to-open";
    case Consistency::Kind::cached:
      return "cached:" + duration_text(consistency.age);
    case Consistency::Kind::immutable:
      return "immutable";
  }
  return "";
}

Result<std::vector<std::string>> parse_container_patterns(std::string_view list) {
  std::vector<std::string> patterns;
  while (true) {
    const auto pattern = list.substr(0, list.find(','));
    BM_TRY(check_pattern(pattern));
    patterns.emplace_back(pattern);
    if (pattern.size() == list.size()) return patterns;
    list.remove_prefix(pattern.size() + 1);
  }
}

Result<std::string> parse_currency(const std::string& given) {
  const bool capital = std::ranges::all_of(given, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (capital && given.size() == 3) return given;
  return Error{ErrorCode::invalid_argument, "takes a currency such as USD or EUR, not '" + given + "'"};
}

Result<std::string> parse_header_text(const std::string& given) {
  const bool printable = std::ranges::all_of(given, [](char c) { return c >= ' ' && c <= '~'; });
  if (printable && given.size() <= 100) return given;
  return Error{ErrorCode::invalid_argument, "takes up to 100 printable ASCII characters"};
}

}  // namespace blobmount
