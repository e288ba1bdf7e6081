#pragma once

/// The ways to sign in, as people name them: what configures each, and what becomes of that.

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

#include "app/credential_settings.hpp"

namespace blobmount {

struct ChosenCredential {
  Credential credential{};
  std::string origin{};  ///< "--account-key-file", "AZURE_STORAGE_KEY", "no setting names another"
  std::vector<std::string> tried{};  ///< for people: what would have come before it, and why it did not
  std::vector<std::string> warnings{};
  /// A connection string names the account, too; and so may --account-name.
  std::string account{};
  std::string account_origin{};  ///< which of them does: "the connection string"
  Url endpoint{};                ///< of that account; without a host: not named
};

struct CredentialMethod {
  const char* name;      ///< as --auth takes it
  const char* variable;  ///< that configures it by being set; null: none does
  const char* option;    ///< that names it by being given; null: none does
  /// Reads what it needs into `chosen`. invalid_argument with a sentence for `method`'s user where that is
  /// not there, or of no use.
  Status (*make)(const GivenSettings&, const char* method, ChosenCredential& chosen);
  std::array<const char*, 5> uses;  ///< options besides; the rest null

  /// Whether that option means anything to it.
  [[nodiscard]] bool takes(std::string_view option) const;
};

/// Those that the environment can configure come first, in the order in which they are looked for.
std::span<const CredentialMethod> credential_methods();

/// Of whoever configures none of them.
const CredentialMethod& automatic_method();

}  // namespace blobmount
