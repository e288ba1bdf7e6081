#pragma once

/// What a token says of whom it was given to, for people: nothing is decided by it, and no signature is
/// checked. https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference

#include <string>

#include "blobmount/credential.hpp"

namespace blobmount {

/// Empty where the token does not say it, or is no JWT. Printable, of moderate length.
struct TokenClaims {
  std::string tenant{};       ///< tid
  std::string application{};  ///< appid or azp: the client id
  std::string object{};       ///< oid: the principal that roles are assigned to
  std::string resource{};     ///< xms_mirid: the Azure resource that a managed identity is
  std::string audience{};     ///< aud
};

TokenClaims claims_of(const Secret& token);

}  // namespace blobmount
