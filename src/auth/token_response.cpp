#include "auth/token_response.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "auth/date_text.hpp"
#include "base/text.hpp"

namespace blobmount {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

/// The longest tokens live for 28 hours. What claims more than this comes from a wrong clock or a wrong unit.
constexpr seconds longest_lifetime = std::chrono::hours{24 * 30};

/// A sentence, or a list of some dozen identities to choose from.
constexpr std::size_t longest_reason = 1000;

Error useless(std::string why) { return {ErrorCode::corrupt, "the answer is not usable: " + std::move(why)}; }

Json parse_object(std::string_view body) {
  auto json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Json::object();
  return json;  // moved: a copy of what is nested deeply would take more stack than there is
}

std::string* text_member(Json& object, const char* name) {
  const auto member = object.find(name);
  return member == object.end() ? nullptr : member->get_ptr<std::string*>();
}

std::optional<std::int64_t> whole_number(const Json& value) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  if (value.is_number_integer()) return value.get<std::int64_t>();
  const auto* text = value.get_ptr<const std::string*>();
  if (text == nullptr) return std::nullopt;

  std::int64_t number = 0;
  const auto* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  return error == std::errc{} && stop == end ? std::optional{number} : std::nullopt;
}

/// Some endpoints send null or "" for what they do not know.
bool says(const Json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || member->is_null()) return false;
  const auto* text = member->get_ptr<const std::string*>();
  return text == nullptr || !text->empty();
}

/// A count of seconds, bounded so that arithmetic with it cannot overflow.
Result<seconds> seconds_member(const Json& object, const char* name) {
  constexpr std::int64_t bound = INT64_MAX / 1'000'000'000;
  const auto number = whole_number(object.at(name));
  if (!number) return useless(std::string(name) + " is not a number of seconds");
  return seconds{std::clamp(*number, -bound, bound)};
}

/// Since 1970. Numbers, or what the endpoints of 2017 write.
Result<seconds> time_member(const Json& object, const char* name) {
  const auto* text = object.at(name).get_ptr<const std::string*>();
  if (text == nullptr || whole_number(object.at(name))) return seconds_member(object, name);
  const auto date = parse_date(*text);
  if (!date) return useless(std::string(name) + " is not a number of seconds, nor a date");
  return date->time_since_epoch();
}

/// `expires_in` is preferred, for it needs no calendar that agrees with the service's.
Result<seconds> lifetime_of(const Json& answer, WallTime wall_now) {
  if (says(answer, "expires_in")) return seconds_member(answer, "expires_in");
  if (!says(answer, "expires_on")) return useless("it has neither expires_in nor expires_on");

  BM_ASSIGN(expires_on, time_member(answer, "expires_on"));
  return expires_on - std::chrono::floor<seconds>(wall_now.time_since_epoch());
}

Status check_lifetime(seconds lifetime) {
  if (lifetime > seconds{0} && lifetime <= longest_lifetime) return {};
  return useless("a token that expires in " + std::to_string(lifetime.count()) +
                 " seconds; is this machine's clock right?");
}

/// When the service would like to be asked again, if that leaves time for a failure or two, and is no storm.
/// Microsoft's libraries heed it the same way.
/// https://github.com/Azure/azure-sdk-for-java/pull/33766
std::optional<seconds> advised_renewal(const Json& answer, seconds lifetime) {
  if (!says(answer, "refresh_in")) return std::nullopt;
  const auto advised = seconds_member(answer, "refresh_in");
  const bool sane = advised && *advised >= lifetime / 10 && *advised <= lifetime * 9 / 10;
  return sane ? std::optional(*advised) : std::nullopt;
}

/// Only what may stand in a header field: nothing in a token may end the line and begin another.
bool fits_header(std::string_view token) {
  return !token.empty() && std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, ' ');
  if (text.size() > longest_reason) text.replace(text.begin() + longest_reason, text.end(), "...");
  return text;
}

/// Microsoft Entra ends each description with "Trace ID: ... Correlation ID: ... Timestamp: ...".
std::string without_trace(std::string text) {
  text.resize(std::min(text.find("Trace ID:"), text.size()));
  text.resize(text.find_last_not_of(" \t\r\n") + 1);
  return text;
}

/// The member as one line; empty where there is none. Names compare as they stand, or with a capital: App
/// Service on Windows has "Message".
std::string line_member(Json& object, std::string name) {
  const auto* text = text_member(object, name.c_str());
  if (text == nullptr) {
    name.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(name.front())));
    text = text_member(object, name.c_str());
  }
  return text == nullptr ? "" : one_line(without_trace(*text));
}

}  // namespace

Result<AccessToken> parse_token(std::string_view body, SteadyTime now, WallTime wall_now) {
  auto answer = parse_object(body);
  auto* const text = text_member(answer, "access_token");
  if (text == nullptr) return useless("it has no access_token");
  Secret value{std::move(*text)};

  if (says(answer, "token_type")) {
    const auto* type = text_member(answer, "token_type");
    if (type == nullptr || !same_but_for_case(*type, "bearer"))
      return useless("its token_type is not Bearer");
  }

  BM_ASSIGN(lifetime, lifetime_of(answer, wall_now));
  BM_ASSIGN(token, checked_token(std::move(value), lifetime, now));
  if (const auto advised = advised_renewal(answer, lifetime)) token.renew = now + *advised;
  return token;
}

Result<AccessToken> checked_token(Secret value, seconds lifetime, SteadyTime now) {
  if (!fits_header(value.reveal())) return useless("the token has characters that no token has");
  BM_TRY(check_lifetime(lifetime));
  return AccessToken{.value = std::move(value), .issued = now, .expires = now + lifetime};
}

Refusal parse_refusal(std::string_view body) {
  auto answer = parse_object(body);
  if (const auto error = answer.find("error"); error != answer.end() && error->is_object())
    return {.error = line_member(*error, "code"), .description = line_member(*error, "message")};
  auto description = line_member(answer, "error_description");
  if (description.empty()) description = line_member(answer, "message");
  return {.error = line_member(answer, "error"), .description = std::move(description)};
}

std::string reason_of(const Refusal& refusal) {
  const auto& [name, description] = refusal;
  if (description.empty()) return name.empty() ? "no reason given" : name;
  return name.empty() ? description : description + " (" + name + ")";
}

std::string answer_member(std::string_view body, const char* name) {
  auto answer = parse_object(body);
  const auto* text = text_member(answer, name);
  return text == nullptr ? "" : *text;
}

}  // namespace blobmount
