#include "auth/shared_access_signature.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>

#include "blobmount/http.hpp"

namespace blobmount {
namespace {

/// What requests say in their queries: a signature with one of these would change what is asked for.
constexpr std::array<std::string_view, 8> of_requests{"comp",   "restype",    "prefix",  "delimiter",
                                                      "marker", "maxresults", "include", "snapshot"};

/// Names have up to seven letters so far.
constexpr std::size_t longest_name = 16;

Error wrong(const std::string& what) {
  return {ErrorCode::invalid_argument, "the shared access signature is not usable: " + what};
}

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && text.size() <= longest_name && std::ranges::all_of(text, letter);
}

/// A line of its own could hide in what is not printable.
bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f'; });
}

std::string_view without_frame(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  text = text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
  return text.starts_with('?') ? text.substr(1) : text;
}

bool has(const SasFields& signature, std::string_view name) {
  return std::ranges::any_of(signature.fields, [&](const auto& field) { return field.first == name; });
}

Status add_field(SasFields& signature, std::string_view text) {
  const auto equals = text.find('=');  // base64 may end with more of them
  const auto name = text.substr(0, equals);
  if (equals == std::string_view::npos || !is_name(name))
    return wrong("between two '&' there is no NAME=VALUE (is it in one line, and complete?)");
  if (std::ranges::find(of_requests, name) != of_requests.end())
    return wrong("'" + std::string(name) + "' is no part of a signature");
  if (has(signature, name)) return wrong("'" + std::string(name) + "' is there twice");

  auto value = percent_decode(text.substr(equals + 1));
  if (!value || value->empty() || !is_printable(*value))
    return wrong("the value of '" + std::string(name) + "' is empty or damaged");
  signature.fields.emplace_back(name, Secret(*std::move(value)));
  return {};
}

/// Only what can be shown, and compared as text: ISO 8601, UTC.
std::string time_in(const SasFields& signature) {
  const auto field =
      std::ranges::find_if(signature.fields, [](const auto& each) { return each.first == "se"; });
  if (field == signature.fields.end()) return {};
  const auto text = field->second.reveal();
  const auto of_time = [](char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == ':' || c == '.' || c == 'T' || c == 'Z';
  };
  const bool is_time = text.size() >= 10 && text.size() <= 32 && std::ranges::all_of(text, of_time);
  return is_time ? std::string(text) : std::string();
}

}  // namespace

Result<SasFields> parse_shared_access_signature(const Secret& secret) {
  auto text = without_frame(secret.reveal());
  if (text.find("://") < text.find('='))
    return wrong("it is a whole URL: only what follows the '?' belongs there");
  SasFields signature;
  while (!text.empty()) {
    const auto field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), field.size() + 1));
    if (!field.empty()) BM_TRY(add_field(signature, field));
  }
  for (const auto* const needed : {"sv", "sig"}) {
    if (!has(signature, needed)) return wrong("it has no field '" + std::string(needed) + "'");
  }
  signature.expires = time_in(signature);
  return signature;
}

bool is_expired(const SasFields& signature, WallTime now) {
  if (signature.expires.empty()) return false;
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  // without its Z, a date alone, or with hours and minutes, is the beginning of a time, and so comes before
  // it
  auto expires = std::string_view(signature.expires).substr(0, size);
  if (expires.ends_with('Z')) expires.remove_suffix(1);
  return expires <= std::string_view(text.data(), size);
}

}  // namespace blobmount
