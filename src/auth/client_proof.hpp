#pragma once

/// What proves to Microsoft Entra that we are an application.

#include <cstdint>
#include <string>

#include "blobmount/credential.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#get-a-token
struct Proof {
  enum class Kind : std::uint8_t {
    secret,     ///< one that Entra knows
    assertion,  ///< a token, signed by somebody whom the application trusts
  };
  Kind kind = Kind::secret;
  Secret text{};
};

/// Used by one thread at a time.
class ClientProof {
 public:
  virtual ~ClientProof() = default;
  /// For one request to `token_url`. May block. What cannot be had now may be there later: files are
  /// replaced, so `unavailable`.
  virtual Result<Proof> prove(const std::string& token_url) = 0;
  /// For people: "client secret".
  [[nodiscard]] virtual std::string description() const = 0;
};

}  // namespace blobmount
