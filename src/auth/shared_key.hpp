#pragma once

/// How a request is signed with the account's key: arithmetic without I/O.
/// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key

#include <string>
#include <string_view>

#include "blobmount/credential.hpp"
#include "blobmount/http.hpp"

namespace blobmount {

/// The text that is signed for `request`, which carries its x-ms-date already.
std::string string_to_sign(const HttpRequest& request, std::string_view account);

/// HMAC-SHA256 of `text`, in base64. `key` is binary.
std::string sign(std::string_view text, const Secret& key);

/// The binary key of what the portal shows, or invalid_argument with a sentence that does not show it.
Result<Secret> decode_shared_key(const Secret& base64);

}  // namespace blobmount
