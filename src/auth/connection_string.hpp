#pragma once

/// Connection strings of storage accounts, as the portal shows them.
/// https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string

#include <string>
#include <variant>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

struct ConnectionString {
  std::string account{};
  Url endpoint{};  ///< of its blobs
  std::variant<Anonymous, SharedKey, SharedAccessSignature> credential{};
};

/// invalid_argument with a sentence that names what is wrong or missing, and shows no value.
Result<ConnectionString> parse_connection_string(const Secret& text);

/// Whether `text` is one, and not a key or a signature by itself.
bool is_connection_string(const Secret& text);

/// The key, or the signature, of a connection string of `account`. invalid_argument as above, or where it is
/// of another account, or has none.
Result<Secret> key_in(const Secret& text, const std::string& account);
Result<Secret> signature_in(const Secret& text, const std::string& account);

}  // namespace blobmount
