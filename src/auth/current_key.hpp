#pragma once

/// Which key of the account is to be used now.

#include <string>
#include <string_view>

#include "blobmount/config.hpp"

#include "auth/current_secret.hpp"
#include "auth/shared_key.hpp"

namespace blobmount {

struct KeyKind {
  using Given = SharedKey;
  using Value = Secret;  ///< binary
  static constexpr std::string_view name = "account key";

  static Secret text_of(const Given& given) { return given.key; }
  static Result<Value> parse(const Secret& text) { return decode_shared_key(text); }
  static std::string expires(const Value& /*key*/) { return {}; }
};

using CurrentKey = CurrentSecret<KeyKind>;

}  // namespace blobmount
