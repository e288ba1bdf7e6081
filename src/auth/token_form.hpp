#pragma once

/// Fields of a request for a token, as the body of a POST: application/x-www-form-urlencoded.

#include <string>
#include <vector>

#include "blobmount/credential.hpp"

namespace blobmount {

struct TokenFormField {
  const char* name;
  Secret value;
};
using TokenForm = std::vector<TokenFormField>;

/// "name=value&name=value". No copy of a value is left but in the text itself, which is for
/// HttpRequest::body.
std::string encode(const TokenForm& form);

}  // namespace blobmount
