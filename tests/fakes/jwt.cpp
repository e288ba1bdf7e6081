#include "fakes/jwt.hpp"

#include <cstdint>

namespace blobmount::tests {
namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) text += digits[(bits >> (count - 6)) & 63];
  }
  if (count > 0) text += digits[(bits << (6 - count)) & 63];
  return text;
}

std::string decoded_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    bits = (bits << 6) | static_cast<std::uint32_t>(digits.find(c) & 63);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((bits >> count) & 255);
  }
  return bytes;
}

std::optional<Jwt> parse_jwt(std::string_view token) {
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == last || token.substr(first + 1, last - first - 1).find('.') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto json_of = [](std::string_view part) {
    return nlohmann::json::parse(decoded_base64url(part), nullptr, false);
  };
  Jwt jwt{.header = json_of(token.substr(0, first)),
          .payload = json_of(token.substr(first + 1, last - first - 1)),
          .signed_text = std::string(token.substr(0, last)),
          .signature = decoded_base64url(token.substr(last + 1))};
  if (!jwt.header.is_object() || !jwt.payload.is_object()) return std::nullopt;
  return jwt;
}

}  // namespace blobmount::tests
