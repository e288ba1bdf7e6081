#include "fakes/access_token.hpp"

#include <nlohmann/json.hpp>

namespace blobmount::tests {

namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The URL-safe base64 of JWTs, without padding.
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

}  // namespace

std::string make_token(const TokenClaims& claims) {
  const nlohmann::json header{{"typ", "JWT"}, {"alg", "RS256"}, {"kid", "fake"}};
  const nlohmann::json payload{{"aud", claims.audience},
                               {"iss", "https://sts.windows.net/" + claims.tenant + "/"},
                               {"iat", claims.not_before.time_since_epoch().count()},
                               {"nbf", claims.not_before.time_since_epoch().count()},
                               {"exp", claims.expires.time_since_epoch().count()},
                               {"appid", claims.client_id},
                               {"oid", claims.object_id},
                               {"sub", claims.object_id},
                               {"tid", claims.tenant},
                               {"uti", std::to_string(claims.serial)},
                               {"idtyp", "app"},
                               {"ver", "1.0"}};
  const std::string signature(256, 's');  // as long as a real one: headers of real size
  return base64url(header.dump()) + "." + base64url(payload.dump()) + "." + base64url(signature);
}

std::optional<std::chrono::sys_seconds> expiry_of(std::string_view token) {
  const auto start = token.find('.');
  const auto end = token.rfind('.');
  if (start == end) return std::nullopt;
  const auto payload =
      nlohmann::json::parse(decoded_base64url(token.substr(start + 1, end - start - 1)), nullptr, false);
  if (!payload.is_object() || !payload.contains("exp")) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds{payload["exp"].get<std::int64_t>()});
}

std::string author_token() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return make_token({.client_id = "author",
                     .object_id = "author",
                     .not_before = now - std::chrono::minutes{5},
                     .expires = now + std::chrono::hours{24}});
}

}  // namespace blobmount::tests
