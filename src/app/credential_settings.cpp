#include "app/credential_settings.hpp"

#include <array>
#include <filesystem>
#include <utility>

#include "app/environment.hpp"
#include "app/settings.hpp"
#include "auth/secret_file.hpp"

namespace blobmount {
namespace {

constexpr std::array secret_variables{"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD",
                                      "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN",
                                      "AZURE_STORAGE_CONNECTION_STRING"};

Error missing(const char* method, const std::string& option, const char* variable) {
  return {ErrorCode::invalid_argument,
          std::string(method) + " needs " + option +
              (variable != nullptr ? std::string(" or the variable ") + variable : "")};
}

/// `option` is "--client-id" or another one of identity.
const char* azure_variable(const std::string& option) { return find_setting(option.substr(2))->variable; }

}  // namespace

CredentialEnvironment CredentialEnvironment::take() {
  CredentialEnvironment environment;
  for (const auto& setting : settings()) {
    if (setting.variable == nullptr) continue;
    const auto text = text_variable(setting.variable);
    if (text.empty()) continue;
    environment.texts_[setting.variable] = setting.is_path ? std::filesystem::absolute(text).string() : text;
  }
  for (const auto* const variable : secret_variables)
    environment.secrets_[variable] = take_secret_variable(variable);
  environment.identity_ = take_identity_environment();
  return environment;
}

std::string CredentialEnvironment::text(const std::string& variable) const {
  const auto found = texts_.find(variable);
  return found != texts_.end() ? found->second : "";
}

Secret CredentialEnvironment::secret(const std::string& variable) const {
  const auto found = secrets_.find(variable);
  return found != secrets_.end() ? found->second : Secret();
}

bool GivenSettings::is_set(const char* variable) const {
  return variable != nullptr &&
         (!environment_.text(variable).empty() || !environment_.secret(variable).empty());
}

std::string GivenSettings::text(const std::string& option) const {
  if (const auto found = options_.find(option); found != options_.end()) return found->second;
  const auto* const variable = azure_variable(option);
  return variable != nullptr ? environment_.text(variable) : "";
}

Result<std::string> GivenSettings::need(const std::string& option, const char* method) const {
  if (auto value = text(option); !value.empty()) return value;
  return missing(method, option, azure_variable(option));
}

Result<Secret> GivenSettings::secret(const std::string& option, const char* variable,
                                     std::vector<std::string>& warnings) const {
  if (!has(option)) return environment_.secret(variable);
  const auto& file = options_.at(option);
  if (auto warning = warn_of_wide_modes(file)) warnings.push_back(*std::move(warning));
  return read_secret_file(file);
}

Result<Secret> GivenSettings::need_secret(const std::string& option, const char* variable, const char* method,
                                          std::vector<std::string>& warnings) const {
  BM_ASSIGN(found, secret(option, variable, warnings));
  if (found.empty()) return missing(method, option, variable);
  return found;
}

}  // namespace blobmount
