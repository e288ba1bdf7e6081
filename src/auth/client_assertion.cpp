#include "auth/client_assertion.hpp"

#include <array>
#include <chrono>
#include <cstdio>

#include <nlohmann/json.hpp>
#include <openssl/rand.h>

#include "auth/base64.hpp"

namespace blobmount {
namespace {

using Json = nlohmann::json;

/// "5-10 minutes after nbf at most".
constexpr auto lifetime = std::chrono::minutes{10};

std::string part(const Json& json) {
  // what the user gave need not be UTF-8
  return base64url(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::int64_t numeric_date(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

Result<Secret> client_assertion(const AssertionClaims& claims, const SigningCertificate& certificate) {
  const Json header{{"typ", "JWT"},
                    {"alg", "PS256"},
                    {"x5t#S256", base64url(certificate.thumbprint())},
                    {"x5c", certificate.chain()}};
  const Json payload{{"aud", claims.audience},
                     {"iss", claims.client_id},
                     {"sub", claims.client_id},
                     {"jti", claims.id},
                     {"iat", numeric_date(claims.issued)},
                     {"nbf", numeric_date(claims.issued)},
                     {"exp", numeric_date(claims.issued + lifetime)}};
  const auto text = part(header) + "." + part(payload);
  BM_ASSIGN(signature, certificate.sign(text));
  return Secret(text + "." + base64url(signature));
}

Result<std::string> random_uuid() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    return Error{ErrorCode::unavailable, "the system gives no random bytes"};
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", bytes[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits.data();
  }
  return text;
}

}  // namespace blobmount
