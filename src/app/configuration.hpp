#pragma once

/// What was given becomes a Config, and is shown.

#include <string>
#include <vector>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

#include "app/credential_settings.hpp"
#include "app/given_values.hpp"

namespace blobmount {

/// Judges all that was given, and chooses the credential. Reads the files of secrets; asks nobody. Without a
/// source, the Config has none. invalid_argument with a sentence for the user that begins with where it was
/// given.
Result<Config> make_config(const GivenValues& given, const CredentialEnvironment& environment);

/// For commands that go on without a credential.
struct ConfigReport {
  Config config{};
  Status credential{};  ///< why it has none
};

/// The same, where all but the credential must be right.
Result<ConfigReport> report_config(const GivenValues& given, const CredentialEnvironment& environment);

/// A setting, as it is in force.
struct EffectiveSetting {
  const Setting* setting;
  std::string value;   ///< empty: not set
  std::string origin;  ///< "default", or where it was given
};

/// All of them, in their order. `config` was made of `given`, with `environment`. None is a secret.
std::vector<EffectiveSetting> effective_settings(const Config& config, const GivenValues& given,
                                                 const CredentialEnvironment& environment);

}  // namespace blobmount
