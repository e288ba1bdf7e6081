#include "app/credential_options.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "app/environment.hpp"
#include "auth/clouds.hpp"
#include "auth/connection_string.hpp"
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

Error wrong(std::string sentence) { return {ErrorCode::invalid_argument, std::move(sentence)}; }

/// Options and environment, seen together.
class Given {
 public:
  Given(const CredentialOptions& options, const CredentialEnvironment& environment)
      : options_(options), environment_(environment) {}

  [[nodiscard]] bool has(const std::string& option) const { return options_.contains(option); }

  /// Empty: neither the option nor its variable was given.
  [[nodiscard]] std::string text(const std::string& option) const {
    if (const auto found = options_.find(option); found != options_.end()) return found->second;
    const auto setting = std::ranges::find(settings, option, &Setting::option);
    return setting->variable != nullptr ? environment_.text(setting->variable) : "";
  }

  [[nodiscard]] Result<std::string> need(const std::string& option, const char* method) const {
    if (auto value = text(option); !value.empty()) return value;
    const auto setting = std::ranges::find(settings, option, &Setting::option);
    const auto variable =
        setting->variable != nullptr ? std::string(" or the variable ") + setting->variable : "";
    return wrong(std::string(method) + " needs " + option + variable);
  }

  /// The content of the option's file, else of the variable. Empty: neither.
  Result<Secret> secret(const std::string& option, const char* variable,
                        std::vector<std::string>& warnings) const {
    if (!has(option)) return environment_.secret(variable);
    const auto& file = options_.at(option);
    if (auto warning = warn_of_wide_modes(file)) warnings.push_back(*std::move(warning));
    return read_secret_file(file);
  }
  Result<Secret> need_secret(const std::string& option, const char* variable, const char* method,
                             std::vector<std::string>& warnings) const {
    BM_ASSIGN(found, secret(option, variable, warnings));
    if (found.empty())
      return wrong(std::string(method) + " needs " + option + " or the variable " + variable);
    return found;
  }
  [[nodiscard]] bool is_set(const char* variable) const {
    return variable != nullptr &&
           (!environment_.text(variable).empty() || !environment_.secret(variable).empty());
  }
  [[nodiscard]] const CredentialOptions& options() const { return options_; }

 private:
  const CredentialOptions& options_;
  const CredentialEnvironment& environment_;
};

Result<Application> application_of(const Given& given, const char* method) {
  BM_ASSIGN(tenant, given.need("--tenant-id", method));
  BM_ASSIGN(client, given.need("--client-id", method));
  return Application{std::move(tenant), std::move(client)};
}

/// Which of them is assigned to the machine: at most one option may say so.
Result<ManagedIdentity> identity_of(const Given& given, const char* client_id_option) {
  using Kind = ManagedIdentity::Kind;
  const std::array<std::pair<const char*, Kind>, 3> selectors{{{client_id_option, Kind::client_id},
                                                               {"--object-id", Kind::object_id},
                                                               {"--resource-id", Kind::resource_id}}};
  std::optional<ManagedIdentity> identity;
  for (const auto& [option, kind] : selectors) {
    if (!given.has(option)) continue;
    if (identity) {
      return wrong(std::string(client_id_option) +
                   ", --object-id and --resource-id name one identity: give one of them");
    }
    identity = ManagedIdentity{kind, given.text(option)};
  }
  if (identity) return *identity;
  const auto variable = given.text(client_id_option);
  return variable.empty() ? ManagedIdentity{} : ManagedIdentity{Kind::client_id, variable};
}

Status make_connection_string(const Given& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(text, given.need_secret("--connection-string-file", "AZURE_STORAGE_CONNECTION_STRING", method,
                                    chosen.warnings));
  BM_ASSIGN(parsed, parse_connection_string(text));
  chosen.credential =
      std::visit([](auto&& kind) { return Credential(std::move(kind)); }, std::move(parsed.credential));
  chosen.account = std::move(parsed.account);
  chosen.endpoint = std::move(parsed.endpoint);
  return {};
}

Status make_account_key(const Given& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(key, given.need_secret("--account-key-file", "AZURE_STORAGE_KEY", method, chosen.warnings));
  chosen.credential = SharedKey{std::move(key)};
  return {};
}

Status make_sas(const Given& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(token, given.need_secret("--sas-file", "AZURE_STORAGE_SAS_TOKEN", method, chosen.warnings));
  if (given.has("--sas-file")) {
    chosen.credential = SharedAccessSignature{.file = given.text("--sas-file")};
  } else {
    chosen.credential = SharedAccessSignature{.token = std::move(token)};
  }
  return {};
}

Status make_client_secret(const Given& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(application, application_of(given, method));
  BM_ASSIGN(secret,
            given.need_secret("--client-secret-file", "AZURE_CLIENT_SECRET", method, chosen.warnings));
  chosen.credential = ClientSecret{std::move(application), std::move(secret)};
  return {};
}

Status make_client_certificate(const Given& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(application, application_of(given, method));
  BM_ASSIGN(file, given.need("--client-certificate-file", method));
  BM_ASSIGN(password, given.secret("--client-certificate-password-file", "AZURE_CLIENT_CERTIFICATE_PASSWORD",
                                   chosen.warnings));
  if (auto warning = warn_of_wide_modes(file)) chosen.warnings.push_back(*std::move(warning));
  chosen.credential = ClientCertificate{std::move(application), std::move(file), std::move(password)};
  return {};
}

Status make_workload_identity(const Given& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(application, application_of(given, method));
  BM_ASSIGN(file, given.need("--federated-token-file", method));
  chosen.credential = WorkloadIdentity{std::move(application), std::move(file)};
  return {};
}

Status make_managed_identity(const Given& given, const char* /*method*/, ChosenCredential& chosen) {
  BM_ASSIGN(identity, identity_of(given, "--client-id"));
  chosen.credential = std::move(identity);
  return {};
}

Status make_automatic(const Given& given, const char* /*method*/, ChosenCredential& chosen) {
  BM_ASSIGN(identity, identity_of(given, "--client-id"));
  chosen.credential = AutomaticIdentity{std::move(identity)};
  return {};
}

Status make_federated_identity(const Given& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(application, application_of(given, method));
  BM_ASSIGN(identity, identity_of(given, "--identity-client-id"));
  chosen.credential = FederatedIdentity{std::move(application), std::move(identity)};
  return {};
}

Status make_azure_cli(const Given& given, const char* /*method*/, ChosenCredential& chosen) {
  chosen.credential = AzureCli{given.text("--tenant-id")};
  return {};
}

Status make_anonymous(const Given& /*given*/, const char* /*method*/, ChosenCredential& chosen) {
  chosen.credential = Anonymous{};
  return {};
}

struct Method {
  const char* name;      ///< as --auth takes it
  const char* variable;  ///< that configures it by being set; null: none does
  const char* option;    ///< that names it by being given; null: none does
  Status (*make)(const Given&, const char* method, ChosenCredential&);
  std::array<const char*, 5> uses;  ///< options besides; the rest null
};

/// Those that the environment can configure come first, in the order in which they are looked for.
constexpr std::array methods{
    Method{"connection-string",
           "AZURE_STORAGE_CONNECTION_STRING",
           "--connection-string-file",
           make_connection_string,
           {}},
    Method{"account-key", "AZURE_STORAGE_KEY", "--account-key-file", make_account_key, {}},
    Method{"sas", "AZURE_STORAGE_SAS_TOKEN", "--sas-file", make_sas, {}},
    Method{"client-secret",
           "AZURE_CLIENT_SECRET",
           "--client-secret-file",
           make_client_secret,
           {"--tenant-id", "--client-id"}},
    Method{"client-certificate",
           "AZURE_CLIENT_CERTIFICATE_PATH",
           "--client-certificate-file",
           make_client_certificate,
           {"--tenant-id", "--client-id", "--client-certificate-password-file"}},
    Method{"workload-identity",
           "AZURE_FEDERATED_TOKEN_FILE",
           "--federated-token-file",
           make_workload_identity,
           {"--tenant-id", "--client-id"}},
    Method{"managed-identity",
           nullptr,
           nullptr,
           make_managed_identity,
           {"--client-id", "--object-id", "--resource-id"}},
    Method{"federated-identity",
           nullptr,
           "--identity-client-id",
           make_federated_identity,
           {"--tenant-id", "--client-id", "--object-id", "--resource-id"}},
    Method{"azure-cli", nullptr, nullptr, make_azure_cli, {"--tenant-id"}},
    Method{"anonymous", nullptr, nullptr, make_anonymous, {}},
};
constexpr Method automatic{
    "no other method", nullptr, nullptr, make_automatic, {"--client-id", "--object-id", "--resource-id"}};

/// They are good with every method.
constexpr std::array of_the_cloud{"--auth", "--cloud", "--endpoint-suffix", "--authority", "--audience"};

bool takes(const Method& method, std::string_view option) {
  const auto is_it = [option](const char* other) { return other != nullptr && option == other; };
  return is_it(method.option) || std::ranges::any_of(method.uses, is_it) ||
         std::ranges::any_of(of_the_cloud, is_it);
}

struct Selection {
  const Method* method = nullptr;
  std::string origin{};
};

Result<Selection> by_name(const std::string& name) {
  const auto found =
      std::ranges::find_if(methods, [&name](const Method& method) { return name == method.name; });
  if (found != methods.end()) return Selection{&*found, "--auth"};
  std::string names;
  for (const auto& method : methods) names += (names.empty() ? "" : ", ") + std::string(method.name);
  return wrong("--auth takes one of " + names + ", not '" + name + "'");
}

Result<Selection> select(const Given& given, std::vector<std::string>& tried) {
  if (given.has("--auth")) return by_name(given.text("--auth"));
  for (const auto& method : methods) {
    if (method.option != nullptr && given.has(method.option)) return Selection{&method, method.option};
  }
  // of itself it names an application, whose proof is in the environment
  if (!given.has("--tenant-id")) {
    for (const auto* const selector : {"--client-id", "--object-id", "--resource-id"}) {
      if (!given.has(selector)) continue;
      const auto found = std::ranges::find(methods, std::string_view("managed-identity"), &Method::name);
      return Selection{&*found, selector};
    }
  }
  for (const auto& method : methods) {
    if (method.variable == nullptr) continue;
    if (given.is_set(method.variable)) return Selection{&method, method.variable};
    tried.push_back(std::string(method.name) + ": neither " + method.option + " nor " + method.variable +
                    " is given");
  }
  return Selection{&automatic, "nothing else is configured"};
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

Result<ChosenCredential> choose_credential(const CredentialOptions& options,
                                           const CredentialEnvironment& environment) {
  const Given given(options, environment);
  ChosenCredential chosen;
  BM_ASSIGN(selection, select(given, chosen.tried));
  const auto& method = *selection.method;
  for (const auto& [option, value] : options) {
    if (!takes(method, option)) {
      return wrong(option + " is not for " + method.name + ", which " + selection.origin +
                   " chose: leave out one of the two");
    }
  }
  BM_TRY(method.make(given, method.name, chosen));
  chosen.origin = std::move(selection.origin);
  return chosen;
}

Result<Cloud> choose_cloud(const CredentialOptions& options, const CredentialEnvironment& environment,
                           const std::string& host) {
  const Given given(options, environment);
  const auto name = given.text("--cloud");
  const Cloud* known = name.empty() ? cloud_of_host(host) : cloud_named(name);
  if (known == nullptr && !name.empty())
    return wrong("--cloud takes public, usgovernment or china, not '" + name + "'");
  auto cloud = known != nullptr ? *known : Cloud{};
  if (given.has("--endpoint-suffix")) cloud.endpoint_suffix = given.text("--endpoint-suffix");
  if (given.has("--audience")) cloud.audience = given.text("--audience");
  while (cloud.audience.ends_with('/')) cloud.audience.pop_back();
  if (const auto authority = given.text("--authority"); !authority.empty()) {
    auto url = parse_url(authority);
    if (!url) return std::move(url).error().within("the authority");
    if (!keeps_secrets(*url)) return wrong("the authority '" + authority + "' must be https");
    cloud.authority = *std::move(url);
  }
  return cloud;
}

}  // namespace blobmount
