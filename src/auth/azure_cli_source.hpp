#pragma once

/// Tokens of whom `az login` has signed in: for people at their own machine.
/// https://learn.microsoft.com/cli/azure/account#az-account-get-access-token

#include <string>
#include <string_view>

#include "blobmount/clock.hpp"
#include "blobmount/config.hpp"
#include "blobmount/credential.hpp"

#include "auth/token_target.hpp"

namespace blobmount {

/// The token in what `az account get-access-token --output json` prints, its lifetime counted from `now`;
/// `wall_now` is the same moment. `corrupt` where there is no usable one.
Result<AccessToken> parse_cli_token(std::string_view output, SteadyTime now, WallTime wall_now);

class AzureCliSource final : public TokenSource {
 public:
  /// For tokens of `audience`, a resource without a slash at its end. `clock` outlives it.
  AzureCliSource(Clock& clock, AzureCli cli, std::string audience);

  /// Runs `az`, for 10 s at most. `unreachable` where there is none in PATH; `unauthenticated`, with the line
  /// in which it says why, where it fails: most often nobody is logged in.
  Result<AccessToken> request_token() override;
  /// Whatever was configured, if the service wants others, and there are such.
  std::optional<std::string> adapt(const BearerChallenge& challenge) override;
  [[nodiscard]] std::string description() const override { return "Azure CLI"; }

 private:
  [[nodiscard]] Result<AccessToken> run_cli() const;

  Clock& clock_;
  TokenTarget target_;
};

}  // namespace blobmount
