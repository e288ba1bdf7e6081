#include "app/credential_choice.hpp"

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr auto variables = {"AZURE_CLIENT_ID",
                            "AZURE_TENANT_ID",
                            "AZURE_FEDERATED_TOKEN_FILE",
                            "AZURE_CLIENT_CERTIFICATE_PATH",
                            "AZURE_AUTHORITY_HOST",
                            "AZURE_CLIENT_SECRET",
                            "AZURE_CLIENT_CERTIFICATE_PASSWORD",
                            "AZURE_STORAGE_KEY",
                            "AZURE_STORAGE_SAS_TOKEN",
                            "AZURE_STORAGE_CONNECTION_STRING"};

class ChosenBy : public testing::Test {
 protected:
  ChosenBy() { clear(); }
  ~ChosenBy() override { clear(); }

  static void clear() {
    for (const auto* variable : variables) unsetenv(variable);
  }
  static void set(const char* variable, const std::string& value) { setenv(variable, value.c_str(), 1); }

  std::string file_with(const std::string& name, const std::string& text) {
    const auto path = directory_.path() / name;
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    return path;
  }

  static Result<ChosenCredential> choose(const CredentialOptions& options) {
    return choose_credential(options, CredentialEnvironment::take());
  }
  /// The one that is chosen; the test fails where it is another kind, or none.
  template <typename Kind>
  static Kind chosen(const CredentialOptions& options) {
    auto choice = choose(options);
    EXPECT_TRUE(choice) << (choice ? "" : choice.error().message);
    if (!choice) return {};
    auto* const kind = std::get_if<Kind>(&choice->credential);
    EXPECT_NE(kind, nullptr) << choice->origin;
    return kind != nullptr ? std::move(*kind) : Kind{};
  }
  static void expect_refused(const CredentialOptions& options, const std::string& words) {
    const auto choice = choose(options);
    ASSERT_FALSE(choice) << words;
    EXPECT_EQ(choice.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(choice.error().message, HasSubstr(words));
  }
  static Result<Cloud> cloud(const CredentialOptions& options, const std::string& host = "") {
    return choose_cloud(options, host);
  }
  /// Where that credential's tenants are; empty: refused.
  static std::string authority_of(const Credential& credential, const CredentialOptions& options = {}) {
    auto chosen_cloud = cloud(options);
    EXPECT_TRUE(chosen_cloud);
    const auto taken = take_authority(*chosen_cloud, credential, options, CredentialEnvironment::take());
    return taken ? chosen_cloud->authority.host : "";
  }

  const tests::TemporaryDirectory directory_;
};

using Options = ChosenBy;
using Environment = ChosenBy;
using Clouds = ChosenBy;

TEST_F(Options, NoneMeansTheMachinesIdentityOrWhatAzLoginLeft) {
  const auto automatic = chosen<AutomaticIdentity>({});

  EXPECT_EQ(automatic.identity.kind, ManagedIdentity::Kind::system_assigned);
}

TEST_F(Options, ASelectorNamesAManagedIdentity) {
  using Kind = ManagedIdentity::Kind;
  const std::vector<std::pair<const char*, Kind>> selectors{{"--client-id", Kind::client_id},
                                                            {"--object-id", Kind::object_id},
                                                            {"--resource-id", Kind::resource_id}};
  for (const auto& [option, kind] : selectors) {
    const auto identity = chosen<ManagedIdentity>({{option, "some-id"}});

    EXPECT_EQ(identity.kind, kind);
    EXPECT_EQ(identity.id, "some-id");
  }
  expect_refused({{"--client-id", "a"}, {"--object-id", "b"}}, "one of them");
}

TEST_F(Options, ThatHoldAFileNameTheMethod) {
  const auto key_file = file_with("key", "c2VjcmV0\n");
  const auto key = chosen<SharedKey>({{"--account-key-file", key_file}});
  EXPECT_TRUE(key.key.empty()) << "what is in the file may change";
  EXPECT_EQ(key.file, key_file);
  EXPECT_EQ(choose({{"--account-key-file", key_file}, {"--account-name", "acc"}})->account, "acc");

  const auto string_file = file_with("string", "AccountName=acc;AccountKey=c2VjcmV0\n");
  const auto of_string = chosen<SharedKey>({{"--connection-string-file", string_file}});
  EXPECT_TRUE(of_string.key.empty());
  EXPECT_EQ(of_string.file, string_file);
  EXPECT_EQ(of_string.account, "acc");
  EXPECT_EQ(choose({{"--connection-string-file", string_file}})->account, "acc");
  const auto misplaced = choose({{"--account-key-file", string_file}, {"--account-name", "acc"}});
  ASSERT_FALSE(misplaced);
  EXPECT_THAT(misplaced.error().message, HasSubstr("--connection-string-file"));

  const auto sas_file = file_with("sas", "?sv=1&sig=2\n");
  EXPECT_EQ(chosen<SharedAccessSignature>({{"--sas-file", sas_file}}).file, sas_file);

  const CredentialOptions application{{"--tenant-id", "t"}, {"--client-id", "c"}};
  auto options = application;
  options["--client-secret-file"] = file_with("secret", "s3cret");
  const auto secret = chosen<ClientSecret>(options);
  EXPECT_EQ(secret.application.tenant, "t");
  EXPECT_EQ(secret.application.client_id, "c");
  EXPECT_TRUE(secret.secret.empty());
  EXPECT_EQ(secret.file, options["--client-secret-file"]);

  options = application;
  options["--client-certificate-file"] = file_with("pem", "certificate");
  options["--client-certificate-password-file"] = file_with("password", "word");
  const auto certificate = chosen<ClientCertificate>(options);
  EXPECT_EQ(certificate.file, options["--client-certificate-file"]);
  EXPECT_TRUE(certificate.password.empty());
  EXPECT_EQ(certificate.password_file, options["--client-certificate-password-file"]);

  options = application;
  options["--federated-token-file"] = "/var/run/secrets/token";
  EXPECT_EQ(chosen<WorkloadIdentity>(options).token_file, "/var/run/secrets/token");

  options = application;
  options["--identity-client-id"] = "machine";
  const auto federated = chosen<FederatedIdentity>(options);
  EXPECT_EQ(federated.application.client_id, "c");
  EXPECT_EQ(federated.identity.id, "machine");
}

TEST_F(Options, AuthNamesAMethodThatNeedsNoMore) {
  EXPECT_EQ(chosen<ManagedIdentity>({{"--auth", "managed-identity"}}).kind,
            ManagedIdentity::Kind::system_assigned);
  EXPECT_EQ(chosen<AzureCli>({{"--auth", "azure-cli"}, {"--tenant-id", "t"}}).tenant, "t");
  chosen<Anonymous>({{"--auth", "anonymous"}});
  expect_refused({{"--auth", "magic"}}, "managed-identity");
  expect_refused({{"--auth", "magic"}}, "not 'magic'");
}

TEST_F(Options, AuthIsNotRepeatedWhereItMayBeASecret) {
  const auto refused = choose({{"--auth", "sv=1&sig=SESAME"}});

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, Not(HasSubstr("SESAME")));
}

TEST_F(Options, AuthWinsOverWhatTheEnvironmentConfigures) {
  set("AZURE_STORAGE_KEY", "a2V5");

  chosen<ManagedIdentity>({{"--auth", "managed-identity"}});
}

TEST_F(Options, WhatTheMethodNeedsAndNobodyGaveIsNamed) {
  expect_refused({{"--auth", "account-key"}}, "--account-key-file or the variable AZURE_STORAGE_KEY");
  expect_refused({{"--auth", "client-secret"}, {"--client-id", "c"}}, "--tenant-id");
  expect_refused({{"--auth", "workload-identity"}, {"--client-id", "c"}, {"--tenant-id", "t"}},
                 "AZURE_FEDERATED_TOKEN_FILE");
}

TEST_F(Options, OfAnotherMethodAreRefusedNotIgnored) {
  expect_refused({{"--auth", "managed-identity"}, {"--sas-file", "/x"}}, "--sas-file is not for");
  expect_refused({{"--account-key-file", file_with("key", "a")}, {"--client-id", "c"}},
                 "--client-id is not for account-key");
}

TEST_F(Options, ATenantAloneNamesNoCredential) {
  expect_refused({{"--tenant-id", "t"}}, "--tenant-id alone names no credential");
}

TEST_F(Options, AFileThatOthersMayReadGetsAWarning) {
  const auto path = file_with("key", "c2VjcmV0");
  std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::add);

  const auto choice = choose({{"--account-key-file", path}});

  ASSERT_TRUE(choice);
  EXPECT_THAT(choice->warnings, ElementsAre(HasSubstr("chmod 600")));
}

TEST_F(Environment, ConfiguresTheFirstOfItsMethods) {
  set("AZURE_TENANT_ID", "t");
  set("AZURE_CLIENT_ID", "c");
  set("AZURE_FEDERATED_TOKEN_FILE", "/token");
  EXPECT_EQ(chosen<WorkloadIdentity>({}).token_file, "/token");

  set("AZURE_CLIENT_CERTIFICATE_PATH", "/pem");
  EXPECT_EQ(chosen<ClientCertificate>({}).file, "/pem");

  set("AZURE_CLIENT_SECRET", "s");
  EXPECT_EQ(chosen<ClientSecret>({}).secret.reveal(), "s");

  set("AZURE_STORAGE_SAS_TOKEN", "sv=1&sig=2");
  EXPECT_EQ(chosen<SharedAccessSignature>({}).token.reveal(), "sv=1&sig=2");
}

TEST_F(Environment, AMethodThatIsConfiguredInPartIsAnErrorAndNotPassedOver) {
  set("AZURE_CLIENT_SECRET", "s");

  expect_refused({}, "client-secret needs --tenant-id or the variable AZURE_TENANT_ID");
}

TEST_F(Environment, AClientIdAloneNamesTheManagedIdentity) {
  set("AZURE_CLIENT_ID", "c");

  const auto automatic = chosen<AutomaticIdentity>({});

  EXPECT_EQ(automatic.identity.kind, ManagedIdentity::Kind::client_id);
  EXPECT_EQ(automatic.identity.id, "c");
}

TEST_F(Environment, LosesTheSecretsThatAreTaken) {
  set("AZURE_STORAGE_KEY", "a2V5");
  const char* const where = std::getenv("AZURE_STORAGE_KEY");

  const auto taken = CredentialEnvironment::take();

  EXPECT_EQ(taken.secret("AZURE_STORAGE_KEY").reveal(), "a2V5");
  EXPECT_EQ(std::getenv("AZURE_STORAGE_KEY"), nullptr);
  EXPECT_EQ(*where, '\0') << "and the place where it stood is wiped";
}

TEST_F(Environment, SaysWhatWouldHaveComeBeforeTheChosenOne) {
  set("AZURE_STORAGE_SAS_TOKEN", "sv=1&sig=2");

  const auto choice = choose({});

  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->origin, "AZURE_STORAGE_SAS_TOKEN");
  EXPECT_THAT(choice->tried, ElementsAre(HasSubstr("connection-string"), HasSubstr("account-key")));
}

TEST_F(Environment, AConnectionStringBringsTheAccountToo) {
  set("AZURE_STORAGE_CONNECTION_STRING",
      "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a2V5;EndpointSuffix=core.windows.net");

  const auto choice = choose({});

  ASSERT_TRUE(choice);
  EXPECT_TRUE(std::holds_alternative<SharedKey>(choice->credential));
  EXPECT_EQ(choice->account, "acc");
  EXPECT_EQ(choice->endpoint.host, "acc.blob.core.windows.net");
}

TEST_F(Clouds, AreKnownByNameOrByTheHostOfTheSource) {
  EXPECT_EQ(cloud({})->authority.host, "login.microsoftonline.com");
  EXPECT_EQ(cloud({}, "acc.blob.core.usgovcloudapi.net")->authority.host, "login.microsoftonline.us");
  EXPECT_EQ(cloud({{"--cloud", "china"}})->endpoint_suffix, "core.chinacloudapi.cn");
  EXPECT_EQ(cloud({{"--cloud", "usgovernment"}})->exchange_audience, "api://AzureADTokenExchangeUSGov");
  EXPECT_FALSE(cloud({{"--cloud", "moon"}}));
}

TEST_F(Clouds, AnotherOneIsMadeOfItsParts) {
  const auto custom = cloud({{"--endpoint-suffix", "storage.local"},
                             {"--authority", "https://login.local/"},
                             {"--audience", "https://storage.local/"}});

  ASSERT_TRUE(custom);
  EXPECT_EQ(custom->endpoint_suffix, "storage.local");
  EXPECT_EQ(custom->authority.host, "login.local");
  EXPECT_EQ(custom->audience, "https://storage.local");
}

TEST_F(Clouds, TheSuffixOfAKnownOneBringsItsAuthority) {
  const auto china = cloud({{"--endpoint-suffix", "core.chinacloudapi.cn"}}, "acc.blob.core.windows.net");

  EXPECT_EQ(china->authority.host, "login.chinacloudapi.cn");
}

TEST_F(Clouds, AnAuthorityInTheClearIsRefused) {
  const auto refused = cloud({{"--authority", "http://login.example"}});

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("https"));
}

TEST_F(Clouds, TheVariableNamesTheAuthority) {
  set("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/");

  EXPECT_EQ(authority_of(ClientSecret{}), "login.microsoftonline.us");
  EXPECT_EQ(authority_of(WorkloadIdentity{}), "login.microsoftonline.us");
}

TEST_F(Clouds, ThatAreNamedWinOverTheVariable) {
  set("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/");

  EXPECT_EQ(authority_of(ClientSecret{}, {{"--cloud", "china"}}), "login.chinacloudapi.cn");
  EXPECT_EQ(authority_of(ClientSecret{}, {{"--authority", "https://login.local"}}), "login.local");
}

TEST_F(Clouds, TheVariableMeansNothingToWhoeverHasNoTenant) {
  set("AZURE_AUTHORITY_HOST", "login.microsoftonline.us");

  EXPECT_EQ(authority_of(SharedKey{}), "login.microsoftonline.com");
  EXPECT_EQ(authority_of(ManagedIdentity{}), "login.microsoftonline.com");
  EXPECT_EQ(authority_of(ClientSecret{}), "") << "and is refused where it does";
}

}  // namespace
}  // namespace blobmount
