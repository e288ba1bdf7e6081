/// Credentials that are no identity: signatures, connection strings, and none at all. Each is given as users
/// give it, and a file is read.

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
#include "fakes/recording_log.hpp"
#include "http/curl_transport.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/refusal.hpp"
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

/// Let holders of a SAS that names `policy` list and read the container; nobody, by any policy, where it is
/// empty. Azurite wants the account's key for that.
void set_policy(const std::string& container, const std::string& policy) {
  const auto& azurite = account_with_hello().azurite;
  SystemClock clock;
  CurlTransport network(1, azurite.ca_file());
  RecordingLog log;
  SharedKeyTransport signer(
      network, clock, std::string(Azurite::account),
      CurrentKey::create({Secret(std::string(Azurite::account_key))}, clock, log).value());
  const auto entry = "<SignedIdentifier><Id>" + policy +
                     "</Id><AccessPolicy><Start>2020-01-01T00:00:00Z</Start><Expiry>" + distant_expiry +
                     "</Expiry><Permission>rl</Permission></AccessPolicy></SignedIdentifier>";
  const auto answer =
      send_and_wait(signer, {.method = "PUT",
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
  const Mounted mounted(without_identity("").with_variable("AZURE_STORAGE_SAS_TOKEN", sas).with("--debug"));

  EXPECT_EQ(content_of(mounted / "test/text.txt"), "hello\n");
  EXPECT_TRUE(eventually(20s, [&] { return mounted.times_logged("shared access signature") > 0; }));
  EXPECT_THAT(mounted.log(), AllOf(Not(HasSubstr(signature_in(sas))), Not(HasSubstr("sig="))));
}

TEST_F(Sas, OfAContainerInAFileMountsTheContainer) {
  const auto file = write("sas", "?" + container_sas("test") + "\n");
  const Mounted mounted(without_identity("test").with("--sas-file", file));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
}

TEST_F(Sas, OfAContainerMountsAPrefixOfIt) {
  account_with_hello().author.put("test", "folder/below/text.txt", "deep\n");
  const Mounted mounted(
      without_identity("test/folder").with_variable("AZURE_STORAGE_SAS_TOKEN", container_sas("test")));

  EXPECT_EQ(content_of(mounted / "below/text.txt"), "deep\n");
}

TEST_F(Sas, OfADirectoryMountsTheDirectory) {
  ServedAccount account;
  account.service.blobs().put("test", "folder/below/text.txt", "deep\n");
  const auto directory_path = account.service.endpoint().path + "/test/folder";
  account.service.access().open_directory_only(directory_path, "c2VzYW1l=");
  auto options = account.mount("test/folder");
  options.environment = {
      {"AZURE_STORAGE_SAS_TOKEN", "sv=2022-11-02&sr=d&sdd=1&sp=rl&se=2099-01-01T00:00:00Z&sig=c2VzYW1l%3D"}};
  const Mounted mounted(options);

  EXPECT_EQ(content_of(mounted / "below/text.txt"), "deep\n");
}

TEST_F(Sas, IsNotInTheUrlThatAnAttributeShows) {
  const Mounted mounted(
      without_identity("test").with_variable("AZURE_STORAGE_SAS_TOKEN", container_sas("test")));

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
  const Mounted mounted(without_identity("rotated").with("--sas-file", file).with("--attr-ttl", "0"));
  ASSERT_EQ(content_of(mounted / "text.txt"), "hello\n");

  set_policy("rotated", "");
  EXPECT_TRUE(eventually(10s, [&] { return read_file(mounted / "text.txt").error == EACCES; }));

  write("sas", second);
  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n") << mounted.log();
  EXPECT_TRUE(eventually(20s, [&] { return mounted.times_logged("signature was replaced") == 1; }))
      << mounted.log();
  EXPECT_THAT(mounted.log(),
              AllOf(Not(HasSubstr(signature_in(first))), Not(HasSubstr(signature_in(second)))));
}

TEST_F(Sas, ThatIsExpiredSaysWhen) {
  const auto sas = container_sas("test", expired);

  const auto said = refusal_of(without_identity("test").with_variable("AZURE_STORAGE_SAS_TOKEN", sas));

  EXPECT_THAT(said, AllOf(HasSubstr("expired at 2020-01-01T00:00:00Z"), Not(HasSubstr(signature_in(sas)))));
}

TEST_F(Sas, ThatIsWrongSaysSoAndIsNotShown) {
  auto sas = container_sas("test");
  sas = sas.substr(0, sas.find("sig=") + 4) + wrong_signature;

  for (const auto& options : {without_identity("test").with_variable("AZURE_STORAGE_SAS_TOKEN", sas),
                              without_identity("test").with("--sas-file", write("sas", sas))}) {
    EXPECT_THAT(refusal_of(options),
                AllOf(HasSubstr("HTTP 403"), Not(HasSubstr("sig=")), Not(HasSubstr(wrong_signature))));
  }
}

TEST_F(Sas, ThatIsNoneSaysWhatIsMissing) {
  EXPECT_THAT(
      refusal_of(without_identity("test").with("--sas-file", write("sas", "sv=2022-11-02&se=sesame"))),
      AllOf(HasSubstr("'sig'"), HasSubstr(directory.path().string()), Not(HasSubstr("sesame"))));
  EXPECT_THAT(refusal_of(without_identity("test").with("--sas-file", directory.path() / "none")),
              HasSubstr("cannot read"));
}

TEST_F(Sas, InTheUrlOnTheCommandLineIsRefusedAndNotShown) {
  auto options = without_identity("test");
  options.source += "?" + container_sas("test");

  EXPECT_THAT(refusal_of(options), AllOf(HasSubstr("--sas-file"), Not(HasSubstr("sig="))));
}

TEST_F(ConnectionStrings, WithAKeyMountTheAccountThatTheyName) {
  const auto text = "DefaultEndpointsProtocol=https;AccountName=" + std::string(Azurite::account) +
                    ";AccountKey=" + std::string(Azurite::account_key) + ";BlobEndpoint=" + url_of("") + ";";
  auto options = without_identity("test").with("--connection-string-file", write("connection", text));
  options.source = std::string(Azurite::account) + "/test";
  const Mounted mounted(options);

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
}

TEST_F(ConnectionStrings, WithASasAreTakenFromTheEnvironment) {
  auto options = without_identity("test").with_variable(
      "AZURE_STORAGE_CONNECTION_STRING",
      "BlobEndpoint=" + url_of("") + ";SharedAccessSignature=" + account_sas());
  const Mounted mounted(options);

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
}

TEST_F(NoCredential, IsNeededForAPublicContainer) {
  auto& author = account_with_hello().author;
  author.create_public_container("public");
  author.put("public", "text.txt", "for all\n");
  const Mounted mounted(without_identity("public").with("--auth", "anonymous"));

  EXPECT_EQ(content_of(mounted / "text.txt"), "for all\n");
}

TEST_F(NoCredential, DoesNotListAnAccount) {
  EXPECT_THAT(refusal_of(without_identity("").with("--auth", "anonymous")),
              HasSubstr("devstoreaccount1/CONTAINER"));
}

TEST_F(NoCredential, DoesNotReadAPrivateContainer) {
  EXPECT_THAT(refusal_of(without_identity("test").with("--auth", "anonymous")), HasSubstr("HTTP 40"));
}

}  // namespace
}  // namespace blobmount::tests
