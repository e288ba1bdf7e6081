#pragma once

/// Base64 of bytes (RFC 4648).

#include <string>
#include <string_view>

namespace blobmount {

/// With padding, on one line.
std::string base64(std::string_view bytes);
/// As JWTs have it: for URLs, without padding.
std::string base64url(std::string_view bytes);

}  // namespace blobmount
