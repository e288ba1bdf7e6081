#pragma once

/// What the command line and the environment say of credentials and clouds, not yet judged.

#include <map>
#include <string>
#include <vector>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// What was given of "--auth" and its companions, by the option's name. An option that is not there was not
/// given.
using CredentialOptions = std::map<std::string, std::string>;

/// The variables that blobmount knows for credentials, as they were set. Those that hold a secret are taken
/// out of the environment and wiped: the programs that we start need not know them, nor who looks at
/// /proc/PID/environ.
class CredentialEnvironment {
 public:
  static CredentialEnvironment take();

  /// Empty: not set, or set to nothing.
  [[nodiscard]] std::string text(const std::string& variable) const;
  [[nodiscard]] Secret secret(const std::string& variable) const;
  [[nodiscard]] const IdentityEnvironment& identity() const { return identity_; }

 private:
  std::map<std::string, std::string> texts_;
  std::map<std::string, Secret> secrets_;
  IdentityEnvironment identity_;
};

/// Options and environment, seen together: an option wins over the variable that says the same. Borrows both.
class GivenSettings {
 public:
  GivenSettings(const CredentialOptions& options, const CredentialEnvironment& environment)
      : options_(options), environment_(environment) {}

  /// Whether the option was given; its variable does not count.
  [[nodiscard]] bool has(const std::string& option) const { return options_.contains(option); }
  /// Whether the variable is there, and not empty. Null: there is none.
  [[nodiscard]] bool is_set(const char* variable) const;

  /// Empty: neither the option nor its variable was given.
  [[nodiscard]] std::string text(const std::string& option) const;
  /// invalid_argument, for `method`'s user, where it was not given.
  [[nodiscard]] Result<std::string> need(const std::string& option, const char* method) const;

  /// The content of the option's file, else of the variable. Empty: neither. `warnings` gets a sentence where
  /// others may read the file.
  Result<Secret> secret(const std::string& option, const char* variable,
                        std::vector<std::string>& warnings) const;
  Result<Secret> need_secret(const std::string& option, const char* variable, const char* method,
                             std::vector<std::string>& warnings) const;

 private:
  const CredentialOptions& options_;
  const CredentialEnvironment& environment_;
};

}  // namespace blobmount
