#include "app/credential_methods.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "auth/connection_string.hpp"
#include "auth/secret_file.hpp"

namespace blobmount {
namespace {

Error wrong(std::string sentence) { return {ErrorCode::invalid_argument, std::move(sentence)}; }

Result<Application> application_of(const GivenSettings& given, const char* method) {
  BM_ASSIGN(tenant, given.need("--tenant-id", method));
  BM_ASSIGN(client, given.need("--client-id", method));
  return Application{std::move(tenant), std::move(client)};
}

/// Which of them is assigned to the machine: at most one option may say so.
Result<ManagedIdentity> identity_of(const GivenSettings& given, const char* client_id_option) {
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

Credential credential_of(ConnectionString parsed) {
  return std::visit([](auto&& kind) { return Credential(std::move(kind)); }, std::move(parsed.credential));
}

/// What a connection string in `file` has: to be read from there.
Credential watched(const ConnectionString& parsed, std::string file) {
  if (std::holds_alternative<SharedKey>(parsed.credential))
    return SharedKey{.file = std::move(file), .account = parsed.account};
  if (std::holds_alternative<SharedAccessSignature>(parsed.credential))
    return SharedAccessSignature{.file = std::move(file), .account = parsed.account};
  return Anonymous{};
}

/// Nobody would see that it is for another account.
Status refuse_connection_string(const Secret& text, const GivenSettings& given, const char* option,
                                const char* variable) {
  if (!is_connection_string(text)) return {};
  if (given.has(option))
    return wrong(std::string(option) + " names a connection string: give it as --connection-string-file");
  return wrong(std::string(variable) +
               " holds a connection string: its variable is AZURE_STORAGE_CONNECTION_STRING");
}

Status make_connection_string(const GivenSettings& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(text, given.need_secret("--connection-string-file", "AZURE_STORAGE_CONNECTION_STRING", method,
                                    chosen.warnings));
  BM_ASSIGN(parsed, parse_connection_string(text));
  chosen.account = parsed.account;
  chosen.account_origin = "the connection string";
  chosen.endpoint = std::move(parsed.endpoint);
  const bool from_file = given.has("--connection-string-file");
  chosen.credential =
      from_file ? watched(parsed, given.text("--connection-string-file")) : credential_of(std::move(parsed));
  return {};
}

Status make_account_key(const GivenSettings& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(key, given.need_secret("--account-key-file", "AZURE_STORAGE_KEY", method, chosen.warnings));
  BM_TRY(refuse_connection_string(key, given, "--account-key-file", "AZURE_STORAGE_KEY"));
  const bool from_file = given.has("--account-key-file");
  chosen.credential = SharedKey{from_file ? Secret() : std::move(key), given.text("--account-key-file")};
  chosen.account = given.text("--account-name");
  chosen.account_origin = "--account-name";
  return {};
}

Status make_sas(const GivenSettings& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(token, given.need_secret("--sas-file", "AZURE_STORAGE_SAS_TOKEN", method, chosen.warnings));
  BM_TRY(refuse_connection_string(token, given, "--sas-file", "AZURE_STORAGE_SAS_TOKEN"));
  if (given.has("--sas-file")) {
    chosen.credential = SharedAccessSignature{.file = given.text("--sas-file")};
  } else {
    chosen.credential = SharedAccessSignature{.token = std::move(token)};
  }
  return {};
}

Status make_client_secret(const GivenSettings& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(application, application_of(given, method));
  BM_ASSIGN(secret,
            given.need_secret("--client-secret-file", "AZURE_CLIENT_SECRET", method, chosen.warnings));
  const bool from_file = given.has("--client-secret-file");
  chosen.credential = ClientSecret{std::move(application), from_file ? Secret() : std::move(secret),
                                   given.text("--client-secret-file")};
  return {};
}

Status make_client_certificate(const GivenSettings& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(application, application_of(given, method));
  BM_ASSIGN(file, given.need("--client-certificate-file", method));
  BM_ASSIGN(password, given.secret("--client-certificate-password-file", "AZURE_CLIENT_CERTIFICATE_PASSWORD",
                                   chosen.warnings));
  if (auto warning = warn_of_wide_modes(file)) chosen.warnings.push_back(*std::move(warning));
  const bool from_file = given.has("--client-certificate-password-file");
  chosen.credential =
      ClientCertificate{std::move(application), std::move(file), from_file ? Secret() : std::move(password),
                        given.text("--client-certificate-password-file")};
  return {};
}

Status make_workload_identity(const GivenSettings& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(application, application_of(given, method));
  BM_ASSIGN(file, given.need("--federated-token-file", method));
  chosen.credential = WorkloadIdentity{std::move(application), std::move(file)};
  return {};
}

Status make_managed_identity(const GivenSettings& given, const char* /*method*/, ChosenCredential& chosen) {
  BM_ASSIGN(identity, identity_of(given, "--client-id"));
  chosen.credential = std::move(identity);
  return {};
}

Status make_automatic(const GivenSettings& given, const char* /*method*/, ChosenCredential& chosen) {
  BM_ASSIGN(identity, identity_of(given, "--client-id"));
  chosen.credential = AutomaticIdentity{std::move(identity)};
  return {};
}

Status make_federated_identity(const GivenSettings& given, const char* method, ChosenCredential& chosen) {
  BM_ASSIGN(application, application_of(given, method));
  BM_ASSIGN(identity, identity_of(given, "--identity-client-id"));
  chosen.credential = FederatedIdentity{std::move(application), std::move(identity)};
  return {};
}

Status make_azure_cli(const GivenSettings& given, const char* /*method*/, ChosenCredential& chosen) {
  chosen.credential = AzureCli{given.text("--tenant-id")};
  return {};
}

Status make_anonymous(const GivenSettings& /*given*/, const char* /*method*/, ChosenCredential& chosen) {
  chosen.credential = Anonymous{};
  return {};
}

constexpr std::array methods{
    CredentialMethod{"connection-string",
                     "AZURE_STORAGE_CONNECTION_STRING",
                     "--connection-string-file",
                     make_connection_string,
                     {}},
    CredentialMethod{
        "account-key", "AZURE_STORAGE_KEY", "--account-key-file", make_account_key, {"--account-name"}},
    CredentialMethod{"sas", "AZURE_STORAGE_SAS_TOKEN", "--sas-file", make_sas, {}},
    CredentialMethod{"client-secret",
                     "AZURE_CLIENT_SECRET",
                     "--client-secret-file",
                     make_client_secret,
                     {"--tenant-id", "--client-id"}},
    CredentialMethod{"client-certificate",
                     "AZURE_CLIENT_CERTIFICATE_PATH",
                     "--client-certificate-file",
                     make_client_certificate,
                     {"--tenant-id", "--client-id", "--client-certificate-password-file"}},
    CredentialMethod{"workload-identity",
                     "AZURE_FEDERATED_TOKEN_FILE",
                     "--federated-token-file",
                     make_workload_identity,
                     {"--tenant-id", "--client-id"}},
    CredentialMethod{"managed-identity",
                     nullptr,
                     nullptr,
                     make_managed_identity,
                     {"--client-id", "--object-id", "--resource-id"}},
    CredentialMethod{"federated-identity",
                     nullptr,
                     "--identity-client-id",
                     make_federated_identity,
                     {"--tenant-id", "--client-id", "--object-id", "--resource-id"}},
    CredentialMethod{"azure-cli", nullptr, nullptr, make_azure_cli, {"--tenant-id"}},
    CredentialMethod{"anonymous", nullptr, nullptr, make_anonymous, {}},
};
constexpr CredentialMethod automatic{
    "no other method", nullptr, nullptr, make_automatic, {"--client-id", "--object-id", "--resource-id"}};

/// They are good with every method.
constexpr std::array of_the_cloud{"--auth", "--cloud", "--endpoint-suffix", "--authority", "--audience"};

}  // namespace

bool CredentialMethod::takes(std::string_view named) const {
  const auto is_it = [named](const char* other) { return other != nullptr && named == other; };
  return is_it(option) || std::ranges::any_of(uses, is_it) || std::ranges::any_of(of_the_cloud, is_it);
}

std::span<const CredentialMethod> credential_methods() { return methods; }

const CredentialMethod& automatic_method() { return automatic; }

}  // namespace blobmount
