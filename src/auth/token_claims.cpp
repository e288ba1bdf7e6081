#include "auth/token_claims.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace blobmount {
namespace {

constexpr std::size_t longest_claim = 300;

std::optional<unsigned> sextet(char c) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const auto place = digits.find(c);
  if (place == std::string_view::npos) return std::nullopt;
  return static_cast<unsigned>(place);
}

/// Base64 as JWTs have it: for URLs, without padding. Empty where it is none.
std::string decoded(std::string_view text) {
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto six = sextet(c);
    if (!six) return {};
    bits = (bits << 6U | *six) & 0xFFFFFFU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU));
  }
  return bytes;
}

std::string shown(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '?');
  if (text.size() > longest_claim) text.replace(text.begin() + longest_claim, text.end(), "...");
  return text;
}

std::string claim(const nlohmann::json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return {};
  const auto* text = found->get_ptr<const std::string*>();
  return text != nullptr ? shown(*text) : "";
}

}  // namespace

TokenClaims claims_of(const Secret& token) {
  const auto text = token.reveal();
  const auto first = text.find('.');
  if (first == std::string_view::npos) return {};
  const auto payload = text.substr(first + 1, text.find('.', first + 1) - first - 1);
  const auto claims = nlohmann::json::parse(decoded(payload), nullptr, /*allow_exceptions=*/false);
  if (!claims.is_object()) return {};

  auto application = claim(claims, "appid");
  if (application.empty()) application = claim(claims, "azp");
  return {.tenant = claim(claims, "tid"),
          .application = std::move(application),
          .object = claim(claims, "oid"),
          .resource = claim(claims, "xms_mirid"),
          .audience = claim(claims, "aud")};
}

}  // namespace blobmount
