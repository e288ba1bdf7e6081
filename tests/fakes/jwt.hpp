#pragma once

/// JSON Web Tokens, taken apart: the tests' own, so that a mistake in blobmount's is not made twice and
/// unseen.

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace blobmount::tests {

/// The URL-safe base64 of JWTs, without padding.
std::string base64url(std::string_view bytes);
std::string decoded_base64url(std::string_view text);

struct Jwt {
  nlohmann::json header, payload;
  std::string signed_text;
  std::string signature;  ///< binary
};

/// Nothing where it is none: three parts, of which two are JSON objects.
std::optional<Jwt> parse_jwt(std::string_view token);

}  // namespace blobmount::tests
