#pragma once

/// The identity of the machine it runs on, whichever that has: the first of several sources that is there.

#include <memory>
#include <string>
#include <vector>

#include "blobmount/credential.hpp"

namespace blobmount {

/// Passes over a source that cannot be reached, which means that this machine has none of its kind; not over
/// one that refuses. Stays with the one that gave the first token.
class AutomaticSource final : public TokenSource {
 public:
  /// In the order in which they are asked; at least one.
  explicit AutomaticSource(std::vector<std::unique_ptr<TokenSource>> candidates);

  /// `unreachable` where none is there.
  Result<AccessToken> request_token() override;
  std::optional<std::string> adapt(const BearerChallenge& challenge) override;
  /// Of all of them, until one has given a token: "managed identity (system-assigned) or Azure CLI".
  [[nodiscard]] std::string description() const override;

 private:
  void stay_with(std::unique_ptr<TokenSource> found, const std::string& reasons);

  std::vector<std::unique_ptr<TokenSource>> candidates_;  ///< only one, once that has given a token
  std::string passed_over_{};                             ///< for people: why not another, earlier one
};

}  // namespace blobmount
