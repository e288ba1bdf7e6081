/// How a mount begins and ends, and what it keeps to itself meanwhile.

#include <cerrno>
#include <fstream>
#include <iterator>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include "support/background_mount.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

/// Far more than an end takes, for machines that are busy with other tests.
constexpr Duration soon = 20s;
constexpr auto hello = "hello\n";

AzuriteAccount& account() {
  static AzuriteAccount running;
  static const bool filled = [] {
    running.author.create_container("test");
    running.author.put("test", "text.txt", hello);
    running.author.put("test", "large.bin", random_bytes(8U << 20U, 1));
    return true;
  }();
  (void)filled;
  return running;
}

std::string content_of_proc(pid_t pid, const std::string& file) {
  std::ifstream stream("/proc/" + std::to_string(pid) + "/" + file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

TEST(Background, ItIsEnteredWhenTheMountCanBeUsed) {
  for (int i = 0; i < 5; ++i) {
    const BackgroundMount mount(account().mount());
    ASSERT_EQ(mount.command().status, 0) << mount.command().error_output;
    ASSERT_EQ(content_of(mount / "test/text.txt"), hello) << "at once";
    ASSERT_EQ(mount.daemons().size(), 1U);
    EXPECT_EQ(mount.command().output + mount.command().error_output, "");
  }
}

TEST(Background, ItHasNeitherTerminalNorWorkingDirectory) {
  const BackgroundMount mount(account().mount());
  ASSERT_EQ(mount.daemons().size(), 1U);
  const auto process = std::filesystem::path("/proc") / std::to_string(mount.daemons().front());

  for (const auto* const stream : {"fd/0", "fd/1", "fd/2"}) {
    EXPECT_EQ(std::filesystem::read_symlink(process / stream), "/dev/null") << stream;
  }
  EXPECT_EQ(std::filesystem::read_symlink(process / "cwd"), "/");
}

TEST(Background, RelativePathsAreThoseOfTheShellThatMounts) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() / "here");
  std::filesystem::copy_file(account().azurite.ca_file(), directory.path() / "ca.pem");
  auto command =
      blobmount_command({account().mount().source, "here", "--ca-file", "ca.pem", "--log-file", "mount.log"},
                        account().mount().environment);
  command.directory = directory.path();

  const auto finished = run(command);

  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->status, 0) << finished->error_output;
  EXPECT_EQ(content_of(directory.path() / "here/test/text.txt"), hello);
  EXPECT_EQ(unmount(directory.path() / "here"), 0);
  const auto log = directory.path() / "mount.log";
  EXPECT_TRUE(
      eventually(soon, [&log] { return content_of(log).find("unmounted source=") != std::string::npos; }));
  EXPECT_EQ(status_of(log)->st_mode & 0777U, 0600U) << "names of blobs are not for everybody";
}

TEST(End, OfAMountInTheForegroundHasStatusZero) {
  const std::vector<std::pair<std::string, std::function<void(const Mounted&)>>> ways{
      {"SIGINT", [](const Mounted& mount) { mount.process().signal(SIGINT); }},
      {"SIGTERM", [](const Mounted& mount) { mount.process().signal(SIGTERM); }},
      {"umount", [](const Mounted& mount) { EXPECT_EQ(unmount(mount.path()), 0); }}};
  for (const auto& [way, end] : ways) {
    const Mounted mounted(account().mount());
    ASSERT_EQ(content_of(mounted / "test/text.txt"), hello);

    end(mounted);

    EXPECT_EQ(mounted.process().wait(soon), 0) << way << ": " << mounted.log();
    EXPECT_FALSE(is_mounted(mounted.path())) << way;
  }
}

TEST(End, OfAMountInTheBackgroundLeavesNothing) {
  const std::vector<std::pair<std::string, std::function<void(const BackgroundMount&)>>> ways{
      {"SIGINT", [](const BackgroundMount& mount) { ::kill(mount.daemons().at(0), SIGINT); }},
      {"SIGTERM", [](const BackgroundMount& mount) { ::kill(mount.daemons().at(0), SIGTERM); }},
      {"umount", [](const BackgroundMount& mount) { EXPECT_EQ(unmount(mount.path()), 0); }}};
  for (const auto& [way, end] : ways) {
    const BackgroundMount mount(account().mount());
    ASSERT_EQ(content_of(mount / "test/text.txt"), hello);

    end(mount);

    EXPECT_TRUE(mount.gone(soon)) << way;
  }
}

TEST(End, AMountPointCanBeUsedAgainAtOnce) {
  const TemporaryDirectory directory;
  const auto options = account().mount();
  for (int i = 0; i < 3; ++i) {
    std::vector<std::string> arguments{options.source, directory.path()};
    arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());

    const auto mounted = run(blobmount_command(arguments, options.environment));

    ASSERT_TRUE(mounted);
    ASSERT_EQ(mounted->status, 0) << mounted->error_output;
    EXPECT_EQ(content_of(directory.path() / "test/text.txt"), hello);
    EXPECT_EQ(unmount(directory.path()), 0);
  }
}

TEST(End, AFileThatIsOpenThenFailsAndDoesNotHang) {
  const Mounted mounted(account().mount("test"));
  const FileHandle file(mounted / "large.bin");
  ASSERT_EQ(file.error(), 0);
  EXPECT_NE(unmount(mounted.path()), 0) << "a mount in use stays, as any other does";
  EXPECT_EQ(content_of(mounted / "text.txt"), hello);

  mounted.process().signal(SIGTERM);

  EXPECT_EQ(mounted.process().wait(soon), 0);
  EXPECT_FALSE(is_mounted(mounted.path()));
  EXPECT_NE(file.read(4U << 20U, 4096).error, 0);
}

TEST(End, AReaderThatWaitsForTheServiceIsToldAtOnce) {
  ServedAccount stalled;
  stalled.service.blobs().put_synthetic("test", "blob", 1U << 20U);
  stalled.service.faults().add_always({.kind = FaultKind::stall}, RequestKind::get_blob);
  const Mounted mounted(stalled.mount("test").with("--stall-timeout", "120"));
  const FileHandle file(mounted / "blob");
  ASSERT_EQ(file.error(), 0);
  FileHandle::Read read;
  std::thread reader([&] { read = file.read_all(); });
  ASSERT_TRUE(eventually(soon, [&] { return stalled.service.faults().hits() > 0; }));

  const auto told = std::chrono::steady_clock::now();
  mounted.process().signal(SIGTERM);
  reader.join();

  EXPECT_NE(read.error, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - told, 30s) << "a stall lasts longer";
  EXPECT_EQ(mounted.process().wait(soon), 0) << mounted.log();
}

TEST(Secret, NoLogShowsOneAndNoCommandLine) {
  const Mounted by_identity(account().mount("test").with("--debug"));
  ASSERT_EQ(content_of(by_identity / "text.txt"), hello);
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "key") << Azurite::account_key << '\n';
  const MountOptions keyed{.source = account().mount("test").source,
                           .arguments = {"--ca-file", account().azurite.ca_file(), "--debug"}};
  const Mounted by_key_file(keyed.with("--account-key-file", directory.path() / "key"));
  ASSERT_EQ(content_of(by_key_file / "text.txt"), hello);
  auto with_variable = keyed;
  with_variable.environment["AZURE_STORAGE_KEY"] = Azurite::account_key;
  const Mounted by_variable(with_variable);
  ASSERT_EQ(content_of(by_variable / "text.txt"), hello);

  std::vector<std::string> secrets = account().identity.issued();
  secrets.emplace_back(Azurite::account_key);
  secrets.emplace_back("SharedKey ");
  secrets.emplace_back("Bearer ");
  for (const auto* const mounted : {&by_identity, &by_key_file, &by_variable}) {
    EXPECT_EQ(mounted->process().wait(0ms), std::nullopt);
    EXPECT_TRUE(eventually(soon, [&] { return mounted->times_logged("request what=") > 2; }))
        << "--debug shows requests";
    for (const auto& secret : secrets) {
      EXPECT_EQ(mounted->times_logged(secret), 0);
      EXPECT_EQ(content_of_proc(mounted->process().pid(), "cmdline").find(secret), std::string::npos);
    }
  }
}

/// Who owns /proc/PID/environ: root, where the process is not dumpable.
uid_t owner_of_memory(const Process& process) {
  return status_of("/proc/" + std::to_string(process.pid()) + "/environ")->st_uid;
}

TEST(Secret, TheUsersOwnDebuggerDoesNotReachIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "becoming another user takes root";
  const std::vector<std::string> as_nobody{"setpriv", "--reuid=65534", "--clear-groups",
                                           "--inh-caps=+sys_admin,+dac_override",
                                           "--ambient-caps=+sys_admin,+dac_override"};
  const TemporaryDirectory directory;
  auto command = blobmount_command(
      {account().mount().source, directory.path(), "--foreground", "--ca-file", account().azurite.ca_file()},
      account().mount().environment);
  command.arguments.insert(command.arguments.begin(), as_nobody.begin(), as_nobody.end());
  auto other = as_nobody;
  other.insert(other.end(), {"sleep", "60"});

  const Process daemon(command), sleep({.arguments = other});

  EXPECT_TRUE(daemon.wait_for_output("mounted source=", soon)) << daemon.error_output();
  EXPECT_TRUE(eventually(soon, [&] { return owner_of_memory(sleep) == 65534; })) << "as is usual";
  EXPECT_EQ(owner_of_memory(daemon), 0U);
  daemon.signal(SIGTERM);
  (void)daemon.wait(soon);
  detach(directory.path());
}

}  // namespace
}  // namespace blobmount::tests
