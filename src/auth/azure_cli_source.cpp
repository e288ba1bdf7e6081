#include "auth/azure_cli_source.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "auth/token_response.hpp"
#include "base/run_program.hpp"

namespace blobmount {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

/// It is a Python program, which may have to ask Entra ID first. More would not do: a mount that cannot be
/// ends within 15 s, though a managed identity be looked for before.
constexpr Duration patience = seconds{10};

/// "The token will be valid for at least 5 minutes", says its help. Old versions do not say how long that of
/// a managed identity is. https://github.com/Azure/azure-cli/pull/20219
constexpr seconds shortest_lifetime = std::chrono::minutes{5};

constexpr std::size_t longest_reason = 300;

/// "2026-09-27 16:16:30.921462", of the machine's time zone: all there was before 2.54.0.
/// https://github.com/Azure/azure-cli/pull/27476
std::optional<WallTime> local_time(const std::string& text) {
  std::tm parsed{};
  if (::strptime(text.c_str(), "%Y-%m-%d %H:%M:%S", &parsed) == nullptr) return std::nullopt;
  parsed.tm_isdst = -1;
  return std::chrono::system_clock::from_time_t(std::mktime(&parsed));
}

/// Nothing where it does not say.
std::optional<WallTime> expiry_in(const Json& answer) {
  if (const auto epoch = answer.find("expires_on"); epoch != answer.end() && epoch->is_number_unsigned()) {
    constexpr std::uint64_t far = 1ULL << 33U;  // beyond any token's; within any clock's reach
    return WallTime(seconds{std::min(epoch->get<std::uint64_t>(), far)});
  }
  const auto text = answer.find("expiresOn");
  return text != answer.end() && text->is_string() ? local_time(text->get<std::string>()) : std::nullopt;
}

/// "ERROR: Please run 'az login' to setup account." stands below warnings, if there are any.
std::string reason_in(std::string_view text) {
  constexpr std::string_view mark = "ERROR: ";
  const auto marked = text.find(mark);
  text.remove_prefix(marked != std::string_view::npos ? marked + mark.size() : 0);
  text.remove_prefix(std::min(text.size(), text.find_first_not_of("\r\n\t ")));
  std::string line(text.substr(0, std::min(text.find_first_of("\r\n"), longest_reason)));
  std::ranges::replace_if(
      line, [](char c) { return c < ' ' || c > '~'; }, '?');
  return line.empty() ? "no reason given" : line;
}

}  // namespace

Result<AccessToken> parse_cli_token(std::string_view output, SteadyTime now, WallTime wall_now) {
  auto answer = Json::parse(output, nullptr, /*allow_exceptions=*/false);
  const auto member = answer.is_object() ? answer.find("accessToken") : answer.end();
  auto* const text = member != answer.end() ? member->get_ptr<std::string*>() : nullptr;
  if (text == nullptr) return Error{ErrorCode::corrupt, "it printed no accessToken"};
  Secret value{std::move(*text)};

  const auto expires = expiry_in(answer);
  const auto lifetime =
      expires ? std::chrono::floor<seconds>(*expires - wall_now) : std::chrono::seconds(shortest_lifetime);
  return checked_token(std::move(value), lifetime, now);
}

AzureCliSource::AzureCliSource(Clock& clock, AzureCli cli, std::string audience)
    : clock_(clock), target_(std::move(cli.tenant), std::move(audience)) {}

Result<AccessToken> AzureCliSource::request_token() {
  auto token = run_cli();
  target_.learn(token);
  return token;
}

Result<AccessToken> AzureCliSource::run_cli() const {
  std::vector<std::string> command{"az",   "account",    "get-access-token", "--output",
                                   "json", "--resource", target_.resource()};
  if (!target_.tenant().empty()) command.insert(command.end(), {"--tenant", target_.tenant()});

  const auto asked = clock_.now();
  const auto wall_asked = clock_.wall_now();
  auto ended = run_program(command, patience);
  if (!ended) {
    const auto code = ended.error().code;
    if (code != ErrorCode::not_found) return std::move(ended).error().within(description());
    return Error{ErrorCode::unreachable, "there is no Azure CLI: no 'az' in PATH"};
  }
  const Secret output{std::move(ended->output)};
  if (ended->status != 0)
    return Error{ErrorCode::unauthenticated, description() + ": " + reason_in(ended->error_output)};
  auto token = parse_cli_token(output.reveal(), asked, wall_asked);
  if (!token) return std::move(token).error().within(description());
  return token;
}

std::optional<std::string> AzureCliSource::adapt(const BearerChallenge& challenge) {
  return target_.adapt(challenge);
}

}  // namespace blobmount
