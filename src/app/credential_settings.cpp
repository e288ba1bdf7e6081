#include "app/credential_settings.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "app/environment.hpp"
#include "auth/secret_file.hpp"

namespace blobmount {
namespace {

/// An option, and the variable that says the same.
struct Setting {
  const char* option;
  const char* type;
  const char* variable;  ///< null: none
  const char* help;
};

// the variables are those of Azure's SDKs:
// https://learn.microsoft.com/azure/developer/python/sdk/authentication/overview
constexpr std::array settings{
    Setting{"--auth", "METHOD", nullptr,
            "managed-identity, workload-identity, federated-identity, client-secret, client-certificate, "
            "azure-cli, account-key, sas, connection-string or anonymous"},
    Setting{"--client-id", "ID", "AZURE_CLIENT_ID",
            "User-assigned managed identity, or application, by client id"},
    Setting{"--object-id", "ID", nullptr, "User-assigned managed identity, by object (principal) id"},
    Setting{"--resource-id", "ID", nullptr, "User-assigned managed identity, by Azure resource id"},
    Setting{"--identity-client-id", "ID", nullptr,
            "federated-identity: the user-assigned managed identity, by client id"},
    Setting{"--tenant-id", "ID", "AZURE_TENANT_ID", "Tenant of an application"},
    Setting{"--federated-token-file", "FILE", "AZURE_FEDERATED_TOKEN_FILE",
            "workload-identity: the token to be exchanged"},
    Setting{"--client-secret-file", "FILE", nullptr,
            "client-secret: the application's secret, or in AZURE_CLIENT_SECRET"},
    Setting{"--client-certificate-file", "FILE", "AZURE_CLIENT_CERTIFICATE_PATH",
            "client-certificate: certificate and key, PEM or PKCS#12"},
    Setting{"--client-certificate-password-file", "FILE", nullptr,
            "Of that file, the password, or in AZURE_CLIENT_CERTIFICATE_PASSWORD"},
    Setting{"--account-key-file", "FILE", nullptr,
            "account-key: the account's shared key, or in AZURE_STORAGE_KEY"},
    Setting{"--sas-file", "FILE", nullptr,
            "sas: a shared access signature, read again when it changes, or in AZURE_STORAGE_SAS_TOKEN"},
    Setting{"--connection-string-file", "FILE", nullptr,
            "connection-string: as the portal shows it, or in AZURE_STORAGE_CONNECTION_STRING"},
    Setting{"--cloud", "NAME", nullptr, "public, usgovernment or china (default: by the source's URL)"},
    Setting{"--endpoint-suffix", "DOMAIN", nullptr, "Of the endpoints of another cloud: core.windows.net"},
    Setting{"--authority", "URL", "AZURE_AUTHORITY_HOST", "Of the tenants of another cloud"},
    Setting{"--audience", "URL", nullptr, "Of storage's tokens in another cloud"},
};

constexpr std::array secret_variables{"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD",
                                      "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN",
                                      "AZURE_STORAGE_CONNECTION_STRING"};

bool is_file(const Setting& setting) { return setting.type == std::string_view("FILE"); }

Error missing(const char* method, const std::string& option, const char* variable) {
  return {ErrorCode::invalid_argument,
          std::string(method) + " needs " + option +
              (variable != nullptr ? std::string(" or the variable ") + variable : "")};
}

const char* variable_of(const std::string& option) {
  return std::ranges::find(settings, option, &Setting::option)->variable;
}

}  // namespace

void declare_credential_options(CLI::App& app, CredentialOptions& options) {
  auto* const group = app.add_option_group("Identity",
                                           "Without any of these: what the environment configures; else the "
                                           "machine's managed identity; else what\n"
                                           "'az login' has left");
  for (const auto& setting : settings) {
    auto help = std::string(setting.help);
    if (setting.variable != nullptr) help += std::string(" [") + setting.variable + "]";
    const auto take = [&options, &setting](const std::string& value) {
      options[setting.option] = is_file(setting) ? std::filesystem::absolute(value).string() : value;
    };
    group->add_option_function<std::string>(setting.option, take, help)
        ->type_name(setting.type)
        ->check([](const std::string& text) { return text.empty() ? std::string("must not be empty") : ""; });
  }
}

CredentialEnvironment CredentialEnvironment::take() {
  CredentialEnvironment environment;
  for (const auto& setting : settings) {
    if (setting.variable == nullptr) continue;
    const auto text = text_variable(setting.variable);
    if (text.empty()) continue;
    environment.texts_[setting.variable] = is_file(setting) ? std::filesystem::absolute(text).string() : text;
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
  const auto* const variable = variable_of(option);
  return variable != nullptr ? environment_.text(variable) : "";
}

Result<std::string> GivenSettings::need(const std::string& option, const char* method) const {
  if (auto value = text(option); !value.empty()) return value;
  return missing(method, option, variable_of(option));
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
