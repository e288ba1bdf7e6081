#pragma once

/// Which tokens a source asks for: of which tenant, and for which resource. Arithmetic without I/O.

#include <optional>
#include <string>

#include "blobmount/credential.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// Follows a service that wants other tokens, and goes back to what was configured where none of those can be
/// had: one wrong challenge does no lasting harm.
class TokenTarget {
 public:
  /// `tenant` is an id or a domain; empty: whatever the source has.
  TokenTarget(std::string tenant, std::string resource)
      : configured_{std::move(tenant), std::move(resource)}, wanted_(configured_) {}

  [[nodiscard]] const std::string& tenant() const { return wanted_.tenant; }
  [[nodiscard]] const std::string& resource() const { return wanted_.resource; }

  /// The sentence of TokenSource::adapt(). A tenant that the last token is of is no other one, by whichever
  /// of its names it was configured.
  std::optional<std::string> adapt(const BearerChallenge& challenge);

  /// What became of a request for such tokens.
  void learn(const Result<AccessToken>& answer);

 private:
  BearerChallenge configured_;
  BearerChallenge wanted_;
  std::string token_tenant_{};  ///< of the last token; empty: it did not say
  bool on_trial_ = false;       ///< no token has come since the last change
};

}  // namespace blobmount
