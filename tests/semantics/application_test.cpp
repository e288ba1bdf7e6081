/// Applications of Microsoft Entra, by each way to prove oneself: they sign in, and a file is read.

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "fakes/access_token.hpp"
#include "fakes/entra_authority.hpp"
#include "support/application_certificate.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr auto secret = "Xy8~se+cret&value=";
constexpr auto issuer = "https://oidc.example/cluster/";
constexpr auto subject = "system:serviceaccount:default:reader";

/// All at once: whoever reads it sees the old content or the new.
void replace(const std::filesystem::path& path, const std::string& content) {
  const auto draft = path.string() + ".draft";
  std::ofstream(draft, std::ios::binary) << content;
  std::filesystem::permissions(draft, std::filesystem::perms::owner_read);
  std::filesystem::rename(draft, path);
}

std::string pod_token(const std::string& id) {
  return make_federated_token({.issuer = issuer, .subject = subject, .id = id});
}

/// Azurite, with an authority of each test's own.
class SignedInApplication : public testing::Test {
 protected:
  /// As the environment of an application says it everywhere, with more.
  [[nodiscard]] MountOptions mount(std::map<std::string, std::string> more) const {
    auto options = account_with_hello().mount("test");
    more["AZURE_AUTHORITY_HOST"] = authority.url().to_string();
    more["AZURE_TENANT_ID"] = authority.tenant();
    more["AZURE_CLIENT_ID"] = FakeApplication{}.client_id;
    options.environment = std::move(more);
    return options;
  }
  [[nodiscard]] std::string file(const std::string& name, const std::string& content) const {
    const auto path = directory.path() / name;
    replace(path, content);
    return path;
  }
  static std::string refusal_of(const MountOptions& options) {
    const TemporaryDirectory mount_point;
    auto arguments = options.arguments;
    arguments.insert(arguments.begin(), {options.source, mount_point.path()});
    const auto refused = run(blobmount_command(arguments, options.environment));
    EXPECT_FALSE(is_mounted(mount_point.path()));
    if (!refused) return "it hangs";
    EXPECT_NE(refused->status, 0);
    EXPECT_EQ(refused->error_output.find(secret), std::string::npos);
    return refused->error_output;
  }

  EntraAuthority authority;
  const TemporaryDirectory directory;
};

TEST_F(SignedInApplication, ByASecretInTheEnvironment) {
  authority.add({.secret = secret});

  const Mounted mounted(mount({{"AZURE_CLIENT_SECRET", secret}}));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
  EXPECT_EQ(authority.issued().size(), 1U);
}

TEST_F(SignedInApplication, ByASecretInAFile) {
  authority.add({.secret = secret});

  const Mounted mounted(mount({}).with("--client-secret-file", file("secret", std::string(secret) + "\n")));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
}

TEST_F(SignedInApplication, NotByAnotherSecretWhichIsSaidAndNotShown) {
  authority.add({.secret = "another"});

  const auto words = refusal_of(mount({{"AZURE_CLIENT_SECRET", secret}}));

  EXPECT_NE(words.find("AADSTS7000215: Invalid client secret provided."), std::string::npos) << words;
  EXPECT_NE(words.find("the secret's value, not its id"), std::string::npos) << words;
}

TEST_F(SignedInApplication, ByACertificateInPem) {
  const ApplicationCertificate certificate;
  authority.add({.certificate = certificate.pem()});

  const Mounted mounted(
      mount({{"AZURE_CLIENT_CERTIFICATE_PATH", file("application.pem", certificate.pem_with_key())}}));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
}

TEST_F(SignedInApplication, ByACertificateInPkcs12WithItsPassword) {
  const ApplicationCertificate certificate;
  authority.add({.certificate = certificate.pem()});

  const Mounted mounted(
      mount({})
          .with("--client-certificate-file", file("application.pfx", certificate.pkcs12("open")))
          .with("--client-certificate-password-file", file("password", "open\n")));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
}

TEST_F(SignedInApplication, NotByACertificateThatCannotBeOpened) {
  const auto path = file("application.pfx", ApplicationCertificate().pkcs12("open"));

  const auto words = refusal_of(mount({}).with("--client-certificate-file", path));

  EXPECT_NE(words.find("cannot use '" + path + "': it is encrypted, and no password was given"),
            std::string::npos)
      << words;
  EXPECT_EQ(authority.requests(), 0U);
}

TEST_F(SignedInApplication, ByTheTokenOfAPodThatIsReplacedWhileMounted) {
  authority.add({.trusts = FederatedCredential{.issuer = issuer, .subject = subject}});
  authority.set_lifetime(8s);
  const auto first = pod_token("first"), second = pod_token("second");
  const auto path = file("azure-identity-token", first);
  const Mounted mounted(mount({{"AZURE_FEDERATED_TOKEN_FILE", path}}).with("--attr-ttl", "0"));
  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
  EXPECT_EQ(authority.assertions().back(), first);

  replace(path, second);

  EXPECT_TRUE(eventually(20s, [&] { return authority.assertions().back() == second; })) << mounted.log();
  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
}

TEST_F(SignedInApplication, NotByTheTokenOfAnotherPod) {
  authority.add(
      {.trusts = FederatedCredential{.issuer = issuer, .subject = "system:serviceaccount:other:pod"}});

  const auto words = refusal_of(mount({{"AZURE_FEDERATED_TOKEN_FILE", file("token", pod_token("first"))}}));

  EXPECT_NE(words.find("AADSTS700213"), std::string::npos) << words;
  EXPECT_NE(words.find("needs a federated credential"), std::string::npos) << words;
}

TEST_F(SignedInApplication, ByTheManagedIdentityOfTheMachine) {
  const IdentityEndpoint machine;
  authority.add({.trusts = FederatedCredential{
                     .issuer = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
                     .subject = IdentityEndpoint::system_assigned().object_id}});

  const Mounted mounted(mount({{"AZURE_POD_IDENTITY_AUTHORITY_HOST", machine.url().to_string()}})
                            .with("--auth", "federated-identity"));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
  EXPECT_EQ(authority.assertions(), machine.issued());
}

TEST_F(SignedInApplication, OfAnotherTenantByTheManagedIdentityOfTheMachine) {
  const IdentityEndpoint machine;
  EntraAuthority elsewhere("99999999-2222-3333-4444-555555555555");
  elsewhere.add({.trusts = FederatedCredential{
                     .issuer = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
                     .subject = IdentityEndpoint::system_assigned().object_id}});

  const Mounted mounted(mount({{"AZURE_POD_IDENTITY_AUTHORITY_HOST", machine.url().to_string()}})
                            .with("--auth", "federated-identity")
                            .with("--authority", elsewhere.url().to_string())
                            .with("--tenant-id", elsewhere.tenant()));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
  EXPECT_EQ(elsewhere.assertions(), machine.issued());
  EXPECT_EQ(authority.requests(), 0U);
}

TEST_F(SignedInApplication, OfACloudThatIsMadeOfItsParts) {
  authority.add({.secret = secret});
  auto options = mount({{"AZURE_CLIENT_SECRET", secret}});
  options.environment.erase("AZURE_AUTHORITY_HOST");

  const Mounted mounted(options.with("--endpoint-suffix", "storage.example")
                            .with("--authority", authority.url().to_string())
                            .with("--audience", "https://devstoreaccount1.blob.core.windows.net/"));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
  EXPECT_EQ(authority.issued().size(), 1U);
}

TEST_F(SignedInApplication, IsShownByTheIdentityCommand) {
  authority.add({.secret = secret});
  auto options = mount({{"AZURE_CLIENT_SECRET", secret}});

  const auto shown = run(blobmount_command({"identity"}, options.environment));

  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->status, 0) << shown->output << shown->error_output;
  for (const auto& words : {"application " + FakeApplication{}.client_id + " of tenant " + authority.tenant(),
                            std::string("by --authority or AZURE_AUTHORITY_HOST")}) {
    EXPECT_NE(shown->output.find(words), std::string::npos) << shown->output;
  }
  EXPECT_EQ(shown->output.find(secret), std::string::npos);
}

}  // namespace
}  // namespace blobmount::tests
