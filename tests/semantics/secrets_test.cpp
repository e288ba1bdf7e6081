/// Where no secret may ever be found: logs, command lines, environments, core files, the cache directory,
/// files that others can read, and what an error says.

#include <fstream>
#include <iterator>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fakes/access_token.hpp"
#include "fakes/app_service_endpoint.hpp"
#include "fakes/entra_authority.hpp"
#include "support/application_certificate.hpp"
#include "support/background_mount.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/process_memory.hpp"
#include "support/shared_access_signature.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Of every file below `directory`.
void expect_nowhere_below(const std::filesystem::path& directory, const std::string& secret) {
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(bytes_of(entry.path()).find(secret), std::string::npos) << entry.path();
  }
  EXPECT_GT(files, 0) << "there was something to look at";
}

/// What everybody who may look sees of a process and its threads.
void expect_not_shown_of(pid_t process, const std::string& secret) {
  const auto directory = std::filesystem::path("/proc") / std::to_string(process);
  for (const auto* file : {"cmdline", "environ", "comm", "status"})
    EXPECT_EQ(bytes_of(directory / file).find(secret), std::string::npos) << file;
}

class Secrets : public testing::Test {
 protected:
  [[nodiscard]] MountOptions by_key(const std::string& place) const {
    auto options = account_with_hello().mount(place);
    options.environment = {{"AZURE_STORAGE_KEY", std::string(Azurite::account_key)}};
    return options;
  }

  const TemporaryDirectory directory_;
};

TEST_F(Secrets, ATokenIsInNoLogNoCommandLineAndNoCachedFile) {
  auto& account = account_with_hello();
  const auto cache = directory_.path() / "cache";
  const Mounted mounted(account.mount("test").with("--debug").with("--cache-dir", cache));

  ASSERT_EQ(content_of(mounted / "text.txt"), "hello\n");
  EXPECT_EQ(stat_error(mounted / "absent"), ENOENT);

  ASSERT_TRUE(eventually(10s, [&] { return !names_in(cache).empty(); }));
  const auto issued = account.identity.issued();
  ASSERT_FALSE(issued.empty());
  EXPECT_THAT(mounted.log(), HasSubstr("GET")) << "it logs every request";
  for (const auto& token : issued) {
    EXPECT_THAT(mounted.log(), Not(HasSubstr(token)));
    EXPECT_THAT(mounted.log(), Not(HasSubstr(token.substr(token.rfind('.') + 1)))) << "nor its signature";
    expect_not_shown_of(mounted.process().pid(), token);
    expect_nowhere_below(cache, token);
  }
}

TEST_F(Secrets, AKeyFromTheEnvironmentIsWipedThereAndLoggedNowhere) {
  const std::string key(Azurite::account_key);
  const auto cache = directory_.path() / "cache";
  const Mounted mounted(by_key("test").with("--debug").with("--cache-dir", cache));

  ASSERT_EQ(content_of(mounted / "text.txt"), "hello\n");

  ASSERT_TRUE(eventually(10s, [&] { return !names_in(cache).empty(); }));
  EXPECT_THAT(mounted.log(), Not(HasSubstr(key)));
  EXPECT_THAT(mounted.log(), Not(HasSubstr("SharedKey "))) << "nor a signature";
  expect_not_shown_of(mounted.process().pid(), key);
  expect_nowhere_below(cache, key);
}

/// A credential as a user gives it, and what of it nobody may see.
struct Given {
  const char* name;
  MountOptions options;
  std::vector<std::string> secrets;
};

/// The value of a field of a shared access signature, as it stands in the text.
std::string signature_in(const std::string& sas) {
  const auto begin = sas.find("sig=") + 4;
  return sas.substr(begin, sas.find('&', begin) - begin);
}

std::string line_of(const std::string& text, int number) {
  std::istringstream lines(text);
  std::string line;
  for (int i = 0; i < number; ++i) std::getline(lines, line);
  return line;
}

TEST_F(Secrets, OfEveryKindAreInNoLogNoEnvironmentAndNoCachedFile) {
  const auto secret = std::string("Xy8~se+cret&value="), password = std::string("open-sesame-7");
  const auto pod_token = make_federated_token(
      {.issuer = "https://oidc.example/", .subject = "system:serviceaccount:default:reader", .id = "one"});
  const ApplicationCertificate certificate;
  EntraAuthority by_secret, by_certificate, by_pod;
  by_secret.add({.secret = secret});
  by_certificate.add({.certificate = certificate.pem()});
  by_pod.add({.trusts = FederatedCredential{.issuer = "https://oidc.example/",
                                            .subject = "system:serviceaccount:default:reader"}});
  const auto in_file = [this](const std::string& name, const std::string& content) {
    const auto path = directory_.path() / name;
    std::ofstream(path, std::ios::binary) << content;
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    return path.string();
  };
  const auto application = [](const EntraAuthority& authority, const char* variable,
                              const std::string& value) {
    auto options = account_with_hello().mount("test");
    options.environment = {{"AZURE_AUTHORITY_HOST", authority.url().to_string()},
                           {"AZURE_TENANT_ID", authority.tenant()},
                           {"AZURE_CLIENT_ID", FakeApplication{}.client_id},
                           {variable, value}};
    return options;
  };
  auto by_sas = account_with_hello().mount("test");
  const auto sas = container_sas("test");
  by_sas.environment = {{"AZURE_STORAGE_SAS_TOKEN", sas}};
  auto by_connection_string = account_with_hello().mount("test");
  const std::string key(Azurite::account_key);
  by_connection_string.environment = {
      {"AZURE_STORAGE_CONNECTION_STRING",
       "AccountName=" + std::string(Azurite::account) + ";AccountKey=" + key +
           ";BlobEndpoint=" + account_with_hello().azurite.endpoint().to_string()}};
  AppServiceEndpoint app_service;
  auto on_app_service = account_with_hello().mount("test");
  on_app_service.environment = app_service.environment();

  const std::vector<Given> all{
      {"SAS", by_sas, {signature_in(sas), *percent_decode(signature_in(sas))}},
      {"client secret", application(by_secret, "AZURE_CLIENT_SECRET", secret), {secret}},
      {"certificate",
       application(by_certificate, "AZURE_CLIENT_CERTIFICATE_PATH",
                   in_file("application.pfx", certificate.pkcs12(password)))
           .with_variable("AZURE_CLIENT_CERTIFICATE_PASSWORD", password),
       {password}},
      {"key of a certificate",
       application(by_certificate, "AZURE_CLIENT_CERTIFICATE_PATH",
                   in_file("application.pem", certificate.pem_with_key())),
       {line_of(certificate.key_pem(), 3)}},
      {"connection string", by_connection_string, {key}},
      {"header of an identity endpoint", on_app_service, {AppServiceEndpoint::header}},
      {"federated token",
       application(by_pod, "AZURE_FEDERATED_TOKEN_FILE", in_file("token", pod_token)),
       {pod_token}}};

  for (const auto& [name, options, secrets] : all) {
    const auto cache = directory_.path() / ("cache of " + std::string(name));
    const Mounted mounted(options.with("--debug").with("--cache-dir", cache));
    ASSERT_EQ(content_of(mounted / "text.txt"), "hello\n") << name;
    ASSERT_TRUE(eventually(10s, [&] { return !names_in(cache).empty(); }));

    for (const auto& hidden : secrets) {
      EXPECT_THAT(mounted.log(), Not(HasSubstr(hidden))) << name;
      EXPECT_THAT(mounted.log(), Not(HasSubstr(percent_encode(hidden, false)))) << name;
      expect_not_shown_of(mounted.process().pid(), hidden);
      expect_nowhere_below(cache, hidden);
    }
  }
}

TEST_F(Secrets, ADaemonInTheBackgroundShowsThemNeither) {
  const std::string key(Azurite::account_key);
  const auto log = directory_.path() / "log";
  const BackgroundMount mounted(by_key("test").with("--debug").with("--log-file", log));
  ASSERT_EQ(mounted.command().status, 0) << mounted.command().error_output;
  ASSERT_EQ(content_of(mounted / "text.txt"), "hello\n");

  ASSERT_FALSE(mounted.daemons().empty());
  for (const auto daemon : mounted.daemons()) expect_not_shown_of(daemon, key);
  EXPECT_THAT(bytes_of(log), Not(HasSubstr(key)));
  EXPECT_EQ(std::filesystem::status(log).permissions() & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

/// How a program ended that may dump as large a core as it likes, and dies of SIGABRT once `ready`.
int wait_status_of(const Command& command, const std::filesystem::path& directory, const auto& ready) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_CORE, &unlimited);
    if (::chdir(directory.c_str()) != 0) ::_exit(126);
    for (const auto& name : command.unset) ::unsetenv(name.c_str());
    for (const auto& [name, value] : command.environment) ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> arguments;
    for (const auto& argument : command.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments.front(), arguments.data());
    ::_exit(127);
  }
  EXPECT_TRUE(eventually(20s, [&] { return ready(child); }));
  ::kill(child, SIGABRT);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST_F(Secrets, NoCoreFileIsWritten) {
  const auto mount_point = directory_.path() / "mnt";
  std::filesystem::create_directory(mount_point);
  const auto options = by_key("test");
  std::vector<std::string> arguments{options.source, mount_point, "--foreground"};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  const auto command = blobmount_command(arguments, options.environment);

  const auto others = wait_status_of({.arguments = {"sleep", "60"}}, directory_.path(), [](pid_t child) {
    return bytes_of("/proc/" + std::to_string(child) + "/comm") == "sleep\n";
  });
  const auto ours =
      wait_status_of(command, directory_.path(), [&](pid_t) { return is_mounted(mount_point); });
  detach(mount_point);

  ASSERT_TRUE(WIFSIGNALED(ours));
  EXPECT_EQ(WTERMSIG(ours), SIGABRT);
  EXPECT_FALSE(WCOREDUMP(ours));
  if (!WCOREDUMP(others)) GTEST_SKIP() << "this machine writes no core file of any program";
}

/// Who owns what the kernel shows of a process: its user, or root where nobody else may look into its memory.
uid_t keeper_of(pid_t process) {
  struct stat status {};
  return ::stat(("/proc/" + std::to_string(process) + "/mem").c_str(), &status) == 0 ? status.st_uid : 0;
}

/// The end of a token: without it the rest is worth nothing.
std::string signature_of(const std::string& token) { return token.substr(token.rfind('.') + 1); }

TEST_F(Secrets, ATokenThatWasReplacedIsNowhereInTheMemory) {
#ifdef BLOBMOUNT_SANITIZED
  GTEST_SKIP() << "a sanitizer keeps what was freed";
#endif
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to look into the memory";
  auto& account = account_with_hello();
  IdentityEndpoint identity;
  identity.set_lifetime(8s);
  const Mounted mounted(
      by_identity(account.azurite.endpoint(), identity, "test").with("--ca-file", account.azurite.ca_file()));
  ASSERT_EQ(content_of(mounted / "text.txt"), "hello\n");

  int asked = 0;
  ASSERT_TRUE(eventually(60s, [&] {
    // each is a request with the token of the moment
    EXPECT_EQ(stat_error(mounted / ("absent" + std::to_string(++asked))), ENOENT);
    return identity.issued().size() >= 6;
  }));
  ASSERT_TRUE(eventually(10s, [&] {
    return stat_error(mounted / ("absent" + std::to_string(++asked))) == ENOENT &&
           times_in_memory(mounted.process().pid(), signature_of(identity.issued().back())) > 0;
  })) << "the search finds none at all";

  const auto issued = identity.issued();
  for (std::size_t i = 0; i + 1 < issued.size(); ++i) {
    const auto gone = [&] { return times_in_memory(mounted.process().pid(), signature_of(issued[i])) == 0; };
    // the last but one may be on its way yet
    EXPECT_TRUE(i + 2 < issued.size() ? gone() : eventually(10s, gone)) << i << " of " << issued.size();
  }
}

TEST_F(Secrets, AKeyThatWasReplacedIsNowhereInTheMemory) {
#ifdef BLOBMOUNT_SANITIZED
  GTEST_SKIP() << "a sanitizer keeps what was freed";
#endif
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to look into the memory";
  const std::string wrong = "d3Jvbmcga2V5IHRoYXQgd2FzIHRoZXJlIGJlZm9yZSBhbmQgaXMgZ29uZSBub3chIQ==";
  const auto file = directory_.path() / "key";
  const auto put = [&file](std::string_view key) {
    std::ofstream(file, std::ios::trunc) << key;
    std::filesystem::permissions(file, std::filesystem::perms(0600));
  };
  put(wrong);
  const Mounted mounted(
      account_with_hello().mount("test").with("--account-key-file", file).with("--no-check"));
  EXPECT_EQ(stat_error(mounted / "text.txt"), EACCES);

  put(Azurite::account_key);
  ASSERT_TRUE(eventually(30s, [&] { return stat_error(mounted / "text.txt") == 0; })) << mounted.log();

  EXPECT_TRUE(eventually(10s, [&] {
    return stat_error(mounted / "absent") == ENOENT &&
           times_in_memory(mounted.process().pid(), Azurite::account_key) > 0;
  })) << "the search finds none at all";
  EXPECT_EQ(times_in_memory(mounted.process().pid(), wrong), 0);
}

TEST_F(Secrets, AnotherProcessOfTheSameUserCannotLookIntoTheMemory) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody";
  constexpr uid_t somebody = 65534;
  const auto program = directory_.path() / "blobmount";
  std::filesystem::copy_file(BLOBMOUNT_BINARY, program);
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
  IdentityEndpoint silent;
  silent.fall_silent();
  auto command = blobmount_command({"identity"}, by_identity({}, silent, "").environment);
  command.arguments = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "identity"};

  const Process waiting(command);
  const Process other(
      {.arguments = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sleep", "60"}});

  EXPECT_TRUE(eventually(20s, [&] { return keeper_of(other.pid()) == somebody; })) << "as of any program";
  EXPECT_TRUE(eventually(20s, [&] { return silent.requests() > 0; }));
  EXPECT_EQ(keeper_of(waiting.pid()), 0U);
}

TEST_F(Secrets, AreNotRepeatedWhenTheyWereTypedWhereTheyDoNotBelong) {
  const std::vector<std::vector<std::string>> mistakes{
      {"account", "/mnt", "--account-key=c2VjcmV0LXRleHQ="},
      {"account", "/mnt", "--account-key", "c2VjcmV0LXRleHQ="},
      {"account", "/mnt", "--sas", "sig=c2VjcmV0LXRleHQ="},
      {"account", "/mnt", "--auth", "sig=c2VjcmV0LXRleHQ="},
      {"account/docs/folder?sv=1&sig=c2VjcmV0LXRleHQ=", "/mnt"},
      {"https://account.blob.core.windows.net/c?sv=1&sig=c2VjcmV0LXRleHQ=", "/mnt"}};
  for (const auto& arguments : mistakes) {
    const auto finished = run(blobmount_command(arguments));

    ASSERT_TRUE(finished);
    EXPECT_EQ(finished->status, 2) << finished->error_output;
    EXPECT_THAT(finished->error_output, Not(HasSubstr("c2VjcmV0"))) << arguments.back();
  }
}

TEST_F(Secrets, AFileThatOthersMayReadIsWarnedOf) {
  const auto file = directory_.path() / "key";
  std::ofstream(file) << Azurite::account_key << "\n";
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  auto options = account_with_hello().mount("test").with("--account-key-file", file);

  const Mounted mounted(options);

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
  EXPECT_TRUE(eventually(20s, [&] { return mounted.times_logged("chmod 600") > 0; })) << mounted.log();
}

}  // namespace
}  // namespace blobmount::tests
