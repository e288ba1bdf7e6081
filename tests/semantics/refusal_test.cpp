/// What cannot work says so before it is mounted: in one line that tells one cause from another.

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fakes/role_gate.hpp"
#include "support/background_mount.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr Duration allowed = 45s;

AzuriteAccount& account() {
  static AzuriteAccount running;
  static const bool filled = [] {
    running.author.create_container("test");
    return true;
  }();
  (void)filled;
  return running;
}

/// A port of the loopback that nobody listens on, as long as this lives.
class ClosedPort {
 public:
  ClosedPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address_), size), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
  }
  ~ClosedPort() { ::close(socket_); }
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;

  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(ntohs(address_.sin_port)); }

 private:
  const int socket_;
  sockaddr_in address_{};
};

/// blobmount was run by `command` and must have said no, for a reason that holds all of `words`.
void expect_refusal(const Command& command, const std::vector<std::string>& words, int status = 1) {
  const auto finished = run(command, allowed);
  ASSERT_TRUE(finished) << "within 45 seconds: " << words.front();
  const auto& said = finished->error_output;
  EXPECT_EQ(finished->status, status) << said;
  EXPECT_EQ(said.rfind("blobmount: ", 0), 0U) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  for (const auto& word : words) EXPECT_NE(said.find(word), std::string::npos) << word << " in " << said;
}

class Refusal : public testing::Test {
 protected:
  [[nodiscard]] Command command(const MountOptions& options) const {
    std::vector<std::string> arguments{options.source, mount_point()};
    arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
    return blobmount_command(std::move(arguments), options.environment);
  }
  [[nodiscard]] std::filesystem::path mount_point() const { return directory_.path(); }

  ~Refusal() override { EXPECT_FALSE(is_mounted(mount_point())); }

 private:
  const TemporaryDirectory directory_;
};

using ByTheService = Refusal;
using ByTheIdentity = Refusal;
using ByTheMachine = Refusal;
using ByTheCommandLine = Refusal;

TEST_F(ByTheService, NoSuchHost) {
  auto options = account().mount();
  // no DNS server is asked about a label of 64 characters
  options.source = "https://" + std::string(64, 'a') + ".example/";
  expect_refusal(command(options), {"no such host", "check the account's name"});
}

TEST_F(ByTheService, ConnectionRefused) {
  const ClosedPort closed;
  auto options = account().mount();
  options.source = "https://" + closed.host() + "/account/test";
  expect_refusal(command(options), {"connection refused by " + closed.host()});
}

TEST_F(ByTheService, ACertificateThatNobodyVouchesFor) {
  auto options = account().mount();
  options.arguments.clear();  // no --ca-file
  expect_refusal(command(options), {"TLS to 127.0.0.1", "--ca-file"});
}

TEST_F(ByTheService, NoSuchContainer) {
  expect_refusal(command(account().mount("no-such-container")),
                 {"no-such-container", "there is no such container"});
}

TEST_F(ByTheService, NoSuchAccount) {
  auto options = account().mount();
  options.source.replace(options.source.find("devstore"), std::string::npos, "nosuchaccount");
  expect_refusal(command(options), {"cannot mount 'nosuchaccount'"});
}

TEST_F(ByTheService, NoRole) {
  RoleGate gate(account().azurite.endpoint(), account().azurite.ca_file());
  gate.access().set_role_assigned(false);
  for (const auto* const place : {"", "test"}) {
    expect_refusal(command(by_identity(gate.endpoint(), account().identity, place)),
                   {"Storage Blob Data Reader", "AuthorizationPermissionMismatch"});
  }
}

TEST_F(ByTheService, AFirewall) {
  RoleGate gate(account().azurite.endpoint(), account().azurite.ca_file());
  gate.access().set_firewall(true);
  expect_refusal(command(by_identity(gate.endpoint(), account().identity, "test")),
                 {"a firewall or network rule of the storage account refuses this machine"});
}

TEST_F(ByTheService, AWrongKey) {
  MountOptions options{.source = account().mount().source,
                       .arguments = {"--ca-file", account().azurite.ca_file()},
                       .environment = {{"AZURE_STORAGE_KEY", "d3Jvbmc="}}};
  expect_refusal(command(options), {"the service does not accept the"});
}

TEST_F(ByTheService, AnythingButABlobService) {
  const HttpServer web([](const ServedRequest&, Reply& reply) {
    reply.send(200, {{"Content-Type", "text/html"}}, "<html>Please sign in.</html>");
  });
  expect_refusal(command(by_identity(web.url("/account"), account().identity, "test")),
                 {"not from Azure Blob Storage"});
}

TEST_F(ByTheService, OneThatIsBusy) {
  ServedAccount busy;
  busy.service.faults().add_always({.kind = FaultKind::status, .status = 503, .code = "ServerBusy"});
  expect_refusal(command(busy.mount("test")), {"503"});
}

TEST_F(ByTheService, OneThatSaysNothingLikeAnIdentityThatSaysNothing) {
  ServedAccount silent_service, silent_identity;
  silent_service.service.faults().add_always({.kind = FaultKind::stall});
  silent_identity.identity.fall_silent();
  const auto other = silent_identity.mount("test");
  const TemporaryDirectory other_mount_point;

  // side by side, for both take their time
  const Process beside(blobmount_command({other.source, other_mount_point.path()}, other.environment));
  expect_refusal(command(silent_service.mount("test")), {"no byte from 127.0.0.1"});

  EXPECT_EQ(beside.wait(allowed), 1);
  EXPECT_TRUE(beside.wait_for_end_of_output(10s));
  EXPECT_NE(beside.error_output().find(std::to_string(silent_identity.identity.port())), std::string::npos)
      << beside.error_output();
}

TEST_F(ByTheIdentity, NoEndpoint) {
  const ClosedPort closed;
  auto options = account().mount();
  options.environment["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = "http://" + closed.host();
  expect_refusal(command(options),
                 {"no answer from the identity endpoint at http://" + closed.host(), "Azure VM"});
}

TEST_F(ByTheIdentity, NotFound) {
  IdentityEndpoint without;
  without.remove(IdentityEndpoint::system_assigned());
  const auto options = by_identity(account().azurite.endpoint(), without, "");
  expect_refusal(command(options), {"Identity not found", "assign a managed identity"});
  expect_refusal(command(options.with("--client-id", "unknown")),
                 {"Identity not found", "client id unknown"});
}

TEST_F(ByTheMachine, AMountPointThatIsMissing) {
  const auto missing = mount_point() / "missing";
  expect_refusal(blobmount_command({"account", missing}),
                 {"cannot mount on '" + missing.string() + "': it does not exist", "mkdir -p"});
}

TEST_F(ByTheMachine, AMountPointThatIsAFile) {
  const auto file = mount_point() / "file";
  std::ofstream(file) << "text";
  expect_refusal(blobmount_command({"account", file}), {"it is not a directory"});
}

TEST_F(ByTheMachine, AMountPointThatHasAMountAlready) {
  const Mounted mounted(account().mount());
  expect_refusal(blobmount_command({"account", mounted.path()}),
                 {"blobmount is mounted there already", "umount '" + mounted.path().string() + "'"});
  EXPECT_EQ(mounted.process().wait(0ms), std::nullopt) << "the first one goes on";
}

TEST_F(ByTheMachine, AMountThatDied) {
  const Mounted mounted(account().mount());
  mounted.process().signal(SIGKILL);
  ASSERT_EQ(mounted.process().wait(allowed), 128 + SIGKILL);

  expect_refusal(blobmount_command({"account", mounted.path()}),
                 {"a dead mount is left there", "umount '" + mounted.path().string() + "'"});

  EXPECT_EQ(unmount(mounted.path()), 0) << "which is good advice";
}

/// `command` in a mount namespace of its own, behind what `preparation` does to it.
Command in_own_namespace(const std::string& preparation, Command command) {
  const std::vector<std::string> shell{"unshare", "--mount", "sh", "-c", preparation + " && exec \"$@\"",
                                       "sh"};
  command.arguments.insert(command.arguments.begin(), shell.begin(), shell.end());
  return command;
}

TEST_F(ByTheMachine, NoFuseDevice) {
  if (::geteuid() != 0) GTEST_SKIP() << "hiding a device takes root";
  expect_refusal(in_own_namespace("mount -t tmpfs none /dev", command(account().mount())),
                 {"/dev/fuse is missing", "modprobe fuse"});
}

TEST_F(ByTheMachine, AFuseDeviceForOthersOnly) {
  if (::geteuid() != 0) GTEST_SKIP() << "making a device takes root";
  auto as_nobody = command(account().mount());
  // the program may lie where nobody may look: the device is all that is to be in the way
  const std::vector<std::string> prefix{"setpriv", "--reuid=65534", "--clear-groups",
                                        "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"};
  as_nobody.arguments.insert(as_nobody.arguments.begin(), prefix.begin(), prefix.end());
  expect_refusal(in_own_namespace("mount -t tmpfs none /dev && mknod -m 600 /dev/fuse c 10 229", as_nobody),
                 {"no permission to use /dev/fuse", "run as root"});
}

TEST_F(ByTheMachine, NoPermissionToMount) {
  auto powerless = command(account().mount());
  const std::vector<std::string> prefix =
      ::geteuid() == 0 ? std::vector<std::string>{"setpriv", "--bounding-set=-sys_admin", "--inh-caps=-all"}
                       : std::vector<std::string>{"setpriv", "--no-new-privs"};
  powerless.arguments.insert(powerless.arguments.begin(), prefix.begin(), prefix.end());
  expect_refusal(powerless, {"no permission to mount", "CAP_SYS_ADMIN"});
}

TEST_F(ByTheCommandLine, AnUnknownOption) {
  expect_refusal(command(account().mount().with("--no-such-option")), {"--no-such-option", "--help"}, 2);
}

TEST_F(ByTheCommandLine, ASourceThatIsNone) {
  expect_refusal(blobmount_command({"My_Account", mount_point()}), {"'My_Account' is not the name"}, 2);
  expect_refusal(blobmount_command({"account/UPPER", mount_point()}), {"no container can be called 'UPPER'"},
                 2);
  expect_refusal(blobmount_command({"http://account.blob.core.windows.net", mount_point()}), {"https://"}, 2);
}

TEST_F(ByTheCommandLine, AKeyFileThatHoldsNoKey) {
  const TemporaryDirectory directory;
  const auto key = (directory.path() / "key").string();
  const auto options = account().mount().with("--account-key-file", key);
  expect_refusal(command(options), {"cannot read the secret in '" + key + "'", "No such file"}, 2);

  std::ofstream{key};
  expect_refusal(command(options), {"'" + key + "'", "it is empty"}, 2);

  std::ofstream(key) << "this is not base64!";
  expect_refusal(command(options), {"key"});
}

TEST_F(ByTheCommandLine, AKeyFileThatTheMountWouldHide) {
  const auto key = (mount_point() / "key").string();
  std::ofstream(key) << "a2V5";

  expect_refusal(command(account().mount().with("--account-key-file", key)),
                 {"--account-key-file names '" + key + "'", "would hide"});
}

}  // namespace
}  // namespace blobmount::tests
