#pragma once

/// Which shared access signature is to be used now.

#include <string>
#include <string_view>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

#include "auth/connection_string.hpp"
#include "auth/current_secret.hpp"
#include "auth/shared_access_signature.hpp"

namespace blobmount {

struct SasKind {
  using Given = SharedAccessSignature;
  using Value = SasFields;
  static constexpr std::string_view name = "shared access signature";

  static Secret text_of(const Given& given) { return given.token; }
  static Result<Value> parse(const Secret& text, const Given& given) {
    if (given.account.empty()) return parse_shared_access_signature(text);
    BM_ASSIGN(signature, signature_in(text, given.account));
    return parse_shared_access_signature(signature);
  }
  static std::string expires(const Value& fields) { return fields.expires; }
};

using CurrentSas = CurrentSecret<SasKind>;

}  // namespace blobmount
