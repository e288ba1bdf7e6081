#pragma once

/// Which credential the command line and the environment name, and in which cloud it is good. Nothing is
/// asked of anybody but files.

#include <map>
#include <string>
#include <vector>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

namespace CLI {
class App;
}

namespace blobmount {

/// What was given of "--auth" and its companions, by the option's name. An option that is not there was not
/// given.
using CredentialOptions = std::map<std::string, std::string>;

/// Lets `app` take them. `options` lives as long as `app`.
void declare_credential_options(CLI::App& app, CredentialOptions& options);

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

struct ChosenCredential {
  Credential credential{};
  std::string origin{};  ///< "--account-key-file", "AZURE_STORAGE_KEY", "no setting names another"
  std::vector<std::string> tried{};  ///< for people: what would have come before it, and why it did not
  std::vector<std::string> warnings{};
  /// A connection string names the account, too.
  std::string account{};
  Url endpoint{};  ///< of that account
};

/// The one that an option names; else the first that the environment configures, even if incompletely: that
/// is an error, and not passed over. invalid_argument with a sentence for the user, without any secret.
Result<ChosenCredential> choose_credential(const CredentialOptions& options,
                                           const CredentialEnvironment& environment);

/// By the options, else by `host`, the endpoint's, if it is one of a cloud's; else the public one.
Result<Cloud> choose_cloud(const CredentialOptions& options, const CredentialEnvironment& environment,
                           const std::string& host);

}  // namespace blobmount
