/// What `az login` has left, through the real binary: a script stands in for `az`.

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fakes/access_token.hpp"
#include "fakes/role_gate.hpp"
#include "support/files.hpp"
#include "support/refusal.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// From now on there is no network but the loopback, so that nobody answers at the metadata address. False
/// where that is not allowed.
bool leave_network() {
  if (::unshare(CLONE_NEWNET) != 0) return false;
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq loopback{};
  loopback.ifr_name[0] = 'l';
  loopback.ifr_name[1] = 'o';
  loopback.ifr_flags = IFF_UP;
  const bool up = ::ioctl(socket, SIOCSIFFLAGS, &loopback) == 0;
  ::close(socket);
  return up;
}

/// A script stands in for `az`, first in PATH.
class AzureCli : public testing::Test {
 protected:
  void SetUp() override {
    // before anything listens
    static const bool left = leave_network();
    if (!left) GTEST_SKIP() << "only root has a network of its own";
  }

  /// Nothing says that there is a managed identity.
  [[nodiscard]] static MountOptions unsaid() {
    auto options = account_with_hello().mount("test");
    options.environment.clear();
    return options;
  }
  [[nodiscard]] MountOptions mount_with(const std::string& script) const {
    const auto file = directory.path() / "az";
    std::ofstream(file) << "#!/bin/sh\necho \"$@\" >>" << asked().string() << "\nenv >>"
                        << environment().string() << "\n"
                        << script << "\n";
    ::chmod(file.c_str(), 0700);
    return unsaid().with_variable("PATH", directory.path().string() + ":/usr/bin:/bin");
  }
  static std::string prints(const std::string& token) {
    const auto expires = expiry_of(token)->time_since_epoch().count();
    return "echo '{\"accessToken\": \"" + token + "\", \"expires_on\": " + std::to_string(expires) + "}'";
  }
  [[nodiscard]] std::filesystem::path asked() const { return directory.path() / "asked"; }
  [[nodiscard]] std::filesystem::path environment() const { return directory.path() / "environment"; }

  const TemporaryDirectory directory;
};

TEST_F(AzureCli, ThatIsNamedGivesTheToken) {
  const Mounted mounted(mount_with(prints(author_token())).with("--auth", "azure-cli"));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
  EXPECT_EQ(content_of(asked()),
            "account get-access-token --output json --resource https://storage.azure.com\n");
}

TEST_F(AzureCli, IsAskedWhereThereIsNoManagedIdentity) {
  const Mounted mounted(mount_with(prints(author_token())));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
  EXPECT_THAT(mounted.log(), HasSubstr("credential=Azure CLI, since there was no answer")) << "not of both";
}

TEST_F(AzureCli, IsNotAskedWhereAManagedIdentityIsConfigured) {
  const auto gone = mount_with(prints(author_token()));

  for (const auto& options : {gone.with_variable("AZURE_CLIENT_ID", "some-id"),
                              gone.with_variable("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9"),
                              gone.with_variable("IDENTITY_ENDPOINT", "http://127.0.0.1:1/token")
                                  .with_variable("IDENTITY_HEADER", "h")})
    EXPECT_THAT(refusal_of(options), HasSubstr("no answer from")) << "what is configured is not passed over";
  EXPECT_FALSE(std::filesystem::exists(asked()));
}

TEST_F(AzureCli, GivesATokenOfTheTenantThatTheServiceNames) {
  const auto of_the_wrong_tenant = make_token({.tenant = "99999999-2222-3333-4444-555555555555",
                                               .client_id = "wrong",
                                               .object_id = "wrong",
                                               .not_before = expiry_of(author_token()).value() - 25h,
                                               .expires = expiry_of(author_token()).value()});
  RoleGate gate(account_with_hello().azurite.endpoint(), account_with_hello().azurite.ca_file());
  gate.access().refuse_token(of_the_wrong_tenant);
  auto options = mount_with("case \"$*\" in *--tenant*) " + prints(author_token()) + ";; *) " +
                            prints(of_the_wrong_tenant) + ";; esac");
  options.source = gate.endpoint().to_string() + "/test";
  const Mounted mounted(options.with("--auth", "azure-cli"));

  EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
  EXPECT_EQ(mounted.times_logged("the service takes other tokens"), 1) << mounted.log();
  EXPECT_THAT(mounted.log(), HasSubstr("11111111-2222-3333-4444-555555555555"));
}

TEST_F(AzureCli, DoesNotLearnOurSecrets) {
  const auto options = mount_with(prints(author_token())).with_variable("AZURE_STORAGE_KEY", "sesame");
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
  const auto options = unsaid().with_variable("PATH", directory.path());

  EXPECT_THAT(refusal_of(options),
              AllOf(HasSubstr("no answer from the identity endpoint"), HasSubstr("no 'az' in PATH")));
}

}  // namespace
}  // namespace blobmount::tests
