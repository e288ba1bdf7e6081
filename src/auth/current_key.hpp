#pragma once

/// Which key of the account is to be used now.

#include <string>
#include <string_view>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

#include "auth/connection_string.hpp"
#include "auth/current_secret.hpp"
#include "auth/shared_key.hpp"

namespace blobmount {

struct KeyKind {
  using Given = SharedKey;
  using Value = Secret;  ///< binary
  static constexpr std::string_view name = "account key";

  static Secret text_of(const Given& given) { return given.key; }
  static Result<Value> parse(const Secret& text, const Given& given) {
    if (given.account.empty()) return decode_shared_key(text);
    BM_ASSIGN(key, key_in(text, given.account));
    return decode_shared_key(key);
  }
  static std::string expires(const Value& /*key*/) { return {}; }
};

using CurrentKey = CurrentSecret<KeyKind>;

}  // namespace blobmount
