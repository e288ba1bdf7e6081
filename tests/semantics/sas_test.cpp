/// Credentials that are no identity of a machine: signatures, keys, connection strings, what `az login` left,
/// and none at all. Each is given as users give it, and a file is read.

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "auth/shared_key_transport.hpp"
#include "base/system_clock.hpp"
#include "fakes/access_token.hpp"
#include "http/curl_transport.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/shared_access_signature.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr auto expired = "2020-01-01T00:00:00Z";

/// Like the service's, of the right length, and wrong.
constexpr auto wrong_signature = "c2VzYW1lc2VzYW1lc2VzYW1lc2VzYW1lc2VzYW1lc2U%3D";

std::string url_of(const std::string& place) {
  auto url = account_with_hello().azurite.endpoint();
  if (!place.empty()) url.path += "/" + place;
  return url.to_string();
}

/// Nobody listens there, so this machine has no managed identity.
constexpr auto no_endpoint = "http://127.0.0.1:9";

MountOptions mount(const std::string& place) {
  const MountOptions options{.source = url_of(place),
                             .environment = {{"AZURE_POD_IDENTITY_AUTHORITY_HOST", no_endpoint}}};
  return options.with("--ca-file", account_with_hello().azurite.ca_file());
}

MountOptions with_variable(MountOptions options, const std::string& name, const std::string& value) {
  options.environment[name] = value;
  return options;
}

/// What a refused mount says: one line, within 15 seconds.
std::string refusal_of(const MountOptions& options) {
  const TemporaryDirectory directory;
  std::vector<std::string> arguments{options.source, directory.path()};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  const auto finished = run(blobmount_command(std::move(arguments), options.environment), 15s);
  if (!finished) return "no answer within 15 seconds";
  EXPECT_NE(finished->status, 0);
  EXPECT_FALSE(is_mounted(directory.path()));
  EXPECT_EQ(std::count(finished->error_output.begin(), finished->error_output.end(), '\n'), 1);
  return finished->error_output;
}

/// Let holders of a SAS that names `policy` list and read the container; nobody, by any policy, where it is
/// empty. Azurite wants the account's key for that.
void set_policy(const std::string& container, const std::string& policy) {
  const auto& azurite = account_with_hello().azurite;
  SystemClock clock;
  CurlTransport network(1, azurite.ca_file());
  const auto signer = SharedKeyTransport::create(network, clock, std::string(Azurite::account),
                                                 {Secret(std::string(Azurite::account_key))});
  const auto entry = "<SignedIdentifier><Id>" + policy +
                     "</Id><AccessPolicy><Start>2020-01-01T00:00:00Z</Start><Expiry>" + distant_expiry +
                     "</Expiry><Permission>rl</Permission></AccessPolicy></SignedIdentifier>";
  const auto answer = send_and_wait(
      *signer.value(), {.method = "PUT",
                        .url = parse_url(url_of(container) + "?restype=container&comp=acl").value(),
                        .headers = {{"x-ms-version", "2022-11-02"}, {"Content-Type", "application/xml"}},
                        .body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><SignedIdentifiers>" +
                                (policy.empty() ? "" : entry) + "</SignedIdentifiers>"});
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->status, 200) << answer->body;
}

class Credentials : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& content) const {
    const auto file = directory.path() / name;
    // as careful people replace a file that others read
    std::ofstream(file.string() + ".new") << content;
    std::filesystem::rename(file.string() + ".new", file);
    ::chmod(file.c_str(), 0600);
    return file;
  }

  const TemporaryDirectory directory;
};

using Sas = Credentials;
using ConnectionStrings = Credentials;
using NoCredential = Credentials;

TEST_F(Sas, OfAnAccountInTheEnvironmentMountsTheAccount) {
  const auto sas = account_sas();
  const Mounted mounted(with_variable(mount(""), "AZURE_STORAGE_SAS_TOKEN", sas).with("--debug"));

  EXPECT_EQ(content_of(mounted / "test/text.txt"), "hello\n");
  EXPECT_THAT(mounted.log(), AllOf(HasSubstr("shared access signature"), Not(HasSubstr(signature_in(sas))),
                                   Not(HasSubstr("sig="))));
}

TEST_F(Sas, OfAContainerInAFileMountsTheContainer) {
  const auto file = write("sas", "?" + container_sas("test") + "\n");
  const Mounted mounted(mount("test").with("--sas-file", file));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
}

TEST_F(Sas, OfAContainerMountsAPrefixOfIt) {
  account_with_hello().author.put("test", "folder/below/text.txt", "deep\n");
  const Mounted mounted(
      with_variable(mount("test/folder"), "AZURE_STORAGE_SAS_TOKEN", container_sas("test")));

  EXPECT_EQ(content_of(mounted / "below/text.txt"), "deep\n");
}

TEST_F(Sas, IsNotInTheUrlThatAnAttributeShows) {
  const Mounted mounted(with_variable(mount("test"), "AZURE_STORAGE_SAS_TOKEN", container_sas("test")));

  std::string url(4096, '\0');
  const auto size = ::getxattr((mounted / "text.txt").c_str(), "user.blob.url", url.data(), url.size());

  ASSERT_GT(size, 0);
  url.resize(static_cast<std::size_t>(size));
  EXPECT_EQ(url, url_of("test/text.txt"));
}

TEST_F(Sas, ThatIsRevokedIsReplacedByTheNextOneInTheFileWithoutARemount) {
  auto& author = account_with_hello().author;
  author.create_container("rotated");
  author.put("rotated", "text.txt", "hello\n");
  set_policy("rotated", "first");
  const auto first = policy_sas("rotated", "first"), second = container_sas("rotated");
  const auto file = write("sas", first);
  const Mounted mounted(mount("rotated").with("--sas-file", file).with("--attr-ttl", "0"));
  ASSERT_EQ(content_of(mounted / "text.txt"), "hello\n");

  set_policy("rotated", "");
  EXPECT_TRUE(eventually(10s, [&] { return read_file(mounted / "text.txt").error == EACCES; }));

  write("sas", second);
  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n") << mounted.log();
  EXPECT_EQ(mounted.times_logged("signature was replaced"), 1) << mounted.log();
  EXPECT_THAT(mounted.log(),
              AllOf(Not(HasSubstr(signature_in(first))), Not(HasSubstr(signature_in(second)))));
}

TEST_F(Sas, ThatIsExpiredSaysWhen) {
  const auto sas = container_sas("test", expired);

  const auto said = refusal_of(with_variable(mount("test"), "AZURE_STORAGE_SAS_TOKEN", sas));

  EXPECT_THAT(said, AllOf(HasSubstr("expired at 2020-01-01T00:00:00Z"), Not(HasSubstr(signature_in(sas)))));
}

TEST_F(Sas, ThatIsWrongSaysSoAndIsNotShown) {
  auto sas = container_sas("test");
  sas = sas.substr(0, sas.find("sig=") + 4) + wrong_signature;

  for (const auto& options : {with_variable(mount("test"), "AZURE_STORAGE_SAS_TOKEN", sas),
                              mount("test").with("--sas-file", write("sas", sas))}) {
    EXPECT_THAT(refusal_of(options),
                AllOf(HasSubstr("HTTP 403"), Not(HasSubstr("sig=")), Not(HasSubstr(wrong_signature))));
  }
}

TEST_F(Sas, ThatIsNoneSaysWhatIsMissing) {
  EXPECT_THAT(refusal_of(mount("test").with("--sas-file", write("sas", "sv=2022-11-02&se=sesame"))),
              AllOf(HasSubstr("'sig'"), HasSubstr(directory.path().string()), Not(HasSubstr("sesame"))));
  EXPECT_THAT(refusal_of(mount("test").with("--sas-file", directory.path() / "none")),
              HasSubstr("cannot read"));
}

TEST_F(Sas, InTheUrlOnTheCommandLineIsRefusedAndNotShown) {
  auto options = mount("test");
  options.source += "?" + container_sas("test");

  EXPECT_THAT(refusal_of(options), AllOf(HasSubstr("--sas-file"), Not(HasSubstr("sig="))));
}

TEST_F(ConnectionStrings, WithAKeyMountTheAccountThatTheyName) {
  const auto text = "DefaultEndpointsProtocol=https;AccountName=" + std::string(Azurite::account) +
                    ";AccountKey=" + std::string(Azurite::account_key) + ";BlobEndpoint=" + url_of("") + ";";
  auto options = mount("test").with("--connection-string-file", write("connection", text));
  options.source = std::string(Azurite::account) + "/test";
  const Mounted mounted(options);

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
}

TEST_F(ConnectionStrings, WithASasAreTakenFromTheEnvironment) {
  auto options = with_variable(mount("test"), "AZURE_STORAGE_CONNECTION_STRING",
                               "BlobEndpoint=" + url_of("") + ";SharedAccessSignature=" + account_sas());
  const Mounted mounted(options);

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
}

TEST_F(NoCredential, IsNeededForAPublicContainer) {
  auto& author = account_with_hello().author;
  author.create_public_container("public");
  author.put("public", "text.txt", "for all\n");
  const Mounted mounted(mount("public").with("--auth", "anonymous"));

  EXPECT_EQ(content_of(mounted / "text.txt"), "for all\n");
}

TEST_F(NoCredential, DoesNotListAnAccount) {
  EXPECT_THAT(refusal_of(mount("").with("--auth", "anonymous")), HasSubstr("devstoreaccount1/CONTAINER"));
}

TEST_F(NoCredential, DoesNotReadAPrivateContainer) {
  EXPECT_THAT(refusal_of(mount("test").with("--auth", "anonymous")), HasSubstr("HTTP 40"));
}

/// A script stands in for `az`, first in PATH.
class AzureCli : public Credentials {
 protected:
  [[nodiscard]] MountOptions mount_with(const std::string& script) const {
    const auto file = write("az", "#!/bin/sh\necho \"$@\" >>" + asked().string() + "\nenv >>" +
                                      environment().string() + "\n" + script + "\n");
    ::chmod(file.c_str(), 0700);
    return with_variable(mount("test"), "PATH", directory.path().string() + ":/usr/bin:/bin");
  }
  static std::string prints_a_token() {
    const auto token = author_token();
    const auto expires = expiry_of(token)->time_since_epoch().count();
    return "echo '{\"accessToken\": \"" + token + "\", \"expires_on\": " + std::to_string(expires) + "}'";
  }
  [[nodiscard]] std::filesystem::path asked() const { return directory.path() / "asked"; }
  [[nodiscard]] std::filesystem::path environment() const { return directory.path() / "environment"; }
};

TEST_F(AzureCli, ThatIsNamedGivesTheToken) {
  const Mounted mounted(mount_with(prints_a_token()).with("--auth", "azure-cli"));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
  EXPECT_EQ(content_of(asked()),
            "account get-access-token --output json --resource https://storage.azure.com\n");
}

TEST_F(AzureCli, IsAskedWhereThereIsNoManagedIdentity) {
  const Mounted mounted(mount_with(prints_a_token()));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
}

TEST_F(AzureCli, DoesNotLearnOurSecrets) {
  const auto options = with_variable(mount_with(prints_a_token()), "AZURE_STORAGE_KEY", "sesame");
  const Mounted mounted(options.with("--auth", "azure-cli"));

  EXPECT_THAT(content_of(environment()), Not(HasSubstr("sesame")));
}

TEST_F(AzureCli, WhereNobodyIsLoggedInSaysSoInItsOwnWords) {
  const auto options = mount_with("echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1");

  EXPECT_THAT(refusal_of(options), HasSubstr("Please run 'az login'"));
  EXPECT_THAT(refusal_of(options.with("--auth", "azure-cli")), HasSubstr("Please run 'az login'"));
}

TEST_F(AzureCli, ThatHangsIsNotWaitedForForEver) {
  EXPECT_THAT(refusal_of(mount_with("sleep 1000")), HasSubstr("Azure CLI"));
}

TEST_F(AzureCli, ThatIsNotThereEndsTheSearchWithAllReasons) {
  const auto options = with_variable(mount("test"), "PATH", directory.path());

  EXPECT_THAT(refusal_of(options), AllOf(HasSubstr(no_endpoint), HasSubstr("no 'az' in PATH")));
}

}  // namespace
}  // namespace blobmount::tests
