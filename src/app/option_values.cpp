#include "app/option_values.hpp"

#include <algorithm>
#include <optional>

#include <CLI/CLI.hpp>

namespace blobmount {
namespace {

constexpr auto digits = "0123456789";

std::optional<std::chrono::seconds> unit_of(std::string_view text) {
  using std::chrono::hours;
  if (text.empty() || text == "s") return std::chrono::seconds{1};
  if (text == "m") return std::chrono::minutes{1};
  if (text == "h") return hours{1};
  if (text == "d") return hours{24};
  return std::nullopt;
}

Error not_a_duration(std::string_view text) {
  return {ErrorCode::invalid_argument,
          "a duration is such as 30s, 5m, 2h or 1d, from 1s to 3650d, not '" + std::string(text) + "'"};
}

Error not_a_pattern(std::string_view text, const std::string& why) {
  return {ErrorCode::invalid_argument,
          "--containers takes names or patterns such as logs-*, not '" + std::string(text) + "': " + why};
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

/// CLI11 alone takes "-1" and "GiB" too.
std::string plain_size(std::string& text) {
  static constexpr std::size_t most_digits = 15;
  const auto count = std::min(text.find_first_not_of(digits), text.size());
  if (count == 0 || count > most_digits)
    return "must be a size such as 1073741824, 512MiB or 2GiB, not " + text;
  return CLI::AsSizeValue(false)(text);
}

Result<Duration> parse_duration(std::string_view text) {
  static constexpr std::size_t most_digits = 9;
  static constexpr auto longest = std::chrono::hours{3650 * 24};
  const auto count = std::min(text.find_first_not_of(digits), text.size());
  const auto unit = unit_of(text.substr(count));
  if (count == 0 || count > most_digits || !unit) return not_a_duration(text);

  const auto time = std::stol(std::string(text.substr(0, count))) * *unit;
  if (time <= std::chrono::seconds{0} || time > longest) return not_a_duration(text);
  return Duration(time);
}

Result<Consistency> parse_consistency(std::string_view text) {
  static constexpr std::string_view cached = "cached:";
  using Kind = Consistency::Kind;
  if (text == "close-to-open") return Consistency{Kind::close_to_open};
  if (text == "immutable") return Consistency{Kind::immutable};
  if (text.starts_with(cached)) {
    auto age = parse_duration(text.substr(cached.size()));
    if (!age) return std::move(age).error().within("--consistency cached:DURATION");
    return Consistency{Kind::cached, *age};
  }
  return Error{ErrorCode::invalid_argument,
               "--consistency takes close-to-open, cached:DURATION (such as cached:5m) or immutable, not '" +
                   std::string(text) + "'"};
}

Result<std::vector<std::string>> parse_container_patterns(const std::vector<std::string>& lists) {
  std::vector<std::string> patterns;
  for (std::string_view list : lists) {
    while (true) {
      const auto pattern = list.substr(0, list.find(','));
      BM_TRY(check_pattern(pattern));
      patterns.emplace_back(pattern);
      if (pattern.size() == list.size()) break;
      list.remove_prefix(pattern.size() + 1);
    }
  }
  return patterns;
}

}  // namespace blobmount
