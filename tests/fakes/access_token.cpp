#include "fakes/access_token.hpp"

#include <algorithm>
#include <functional>
#include <random>

#include "fakes/jwt.hpp"

namespace blobmount::tests {
namespace {

/// Another for each `text`, and as long as a real signature, so that headers are of real size.
std::string noise(const std::string& text) {
  std::mt19937_64 random(std::hash<std::string>{}(text));
  std::string noise(256, '\0');
  std::generate(noise.begin(), noise.end(), [&random] { return static_cast<char>(random() & 0xffU); });
  return noise;
}

std::string joined(const nlohmann::json& header, const nlohmann::json& payload) {
  const auto claims = payload.dump();
  return base64url(header.dump()) + "." + base64url(claims) + "." + base64url(noise(claims));
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
  return joined(header, payload);
}

std::string make_federated_token(const FederatedTokenClaims& claims) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const nlohmann::json header{{"alg", "RS256"}, {"kid", "fake"}};
  const nlohmann::json payload{{"iss", claims.issuer},
                               {"sub", claims.subject},
                               {"aud", nlohmann::json::array({claims.audience})},
                               {"nbf", now.time_since_epoch().count()},
                               {"exp", (now + claims.lifetime).time_since_epoch().count()},
                               {"jti", claims.id}};
  return joined(header, payload);
}

std::optional<std::chrono::sys_seconds> expiry_of(std::string_view token) {
  const auto jwt = parse_jwt(token);
  if (!jwt || !jwt->payload.contains("exp")) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds{jwt->payload["exp"].get<std::int64_t>()});
}

std::string author_token() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return make_token({.client_id = "author",
                     .object_id = "author",
                     .not_before = now - std::chrono::minutes{5},
                     .expires = now + std::chrono::hours{24}});
}

}  // namespace blobmount::tests
