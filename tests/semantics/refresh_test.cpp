/// `blobmount refresh`: whom it reaches, and what is seen after it.

#include <cerrno>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "app/mount_table.hpp"
#include "support/background_mount.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr Duration soon = 20s;

/// A service whose container `test` has a file and a directory with another.
ServedAccount& account() {
  static ServedAccount running;
  static const bool filled = [] {
    running.service.blobs().put("test", "text.txt", "hello\n");
    running.service.blobs().put("test", "dir/inner.txt", "inner\n");
    return true;
  }();
  (void)filled;
  return running;
}

void write(const std::string& blob, const std::string& content) {
  account().service.blobs().put("test", blob, content);
}

Command refresh_command(const std::vector<std::string>& paths) {
  std::vector<std::string> arguments{"refresh"};
  arguments.insert(arguments.end(), paths.begin(), paths.end());
  return blobmount_command(std::move(arguments));
}

void expect_success(const Command& command) {
  const auto finished = run(command, soon);
  ASSERT_TRUE(finished) << "it hangs";
  EXPECT_EQ(finished->status, 0) << finished->error_output;
  EXPECT_EQ(finished->output + finished->error_output, "");
}

void expect_refusal(const Command& command, const std::vector<std::string>& words, int status = 1) {
  const auto finished = run(command, soon);
  ASSERT_TRUE(finished) << "it hangs";
  EXPECT_EQ(finished->status, status);
  const auto& said = finished->error_output;
  EXPECT_EQ(said.rfind("blobmount: ", 0), 0U) << said;
  for (const auto& word : words) EXPECT_NE(said.find(word), std::string::npos) << word << " in " << said;
}

/// A mount that serves already: it listens for commands before it answers the first read.
class RefreshOf : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(content_of(mounted / "text.txt"), "hello\n"); }

  const Mounted mounted{account().mount("test")};
};

TEST_F(RefreshOf, AnythingInAMountSucceeds) {
  for (const auto* place : {"", "text.txt", "dir", "dir/", "dir/inner.txt", "absent", "dir/not/yet"}) {
    SCOPED_TRACE(place);
    expect_success(refresh_command({mounted / place}));
    EXPECT_EQ(content_of(mounted / "text.txt"), "hello\n");
    EXPECT_EQ(content_of(mounted / "dir/inner.txt"), "inner\n");
  }
}

TEST_F(RefreshOf, ManyPathsIsOneCommand) {
  expect_success(refresh_command({mounted / "text.txt", mounted / "dir", mounted.path()}));
}

TEST_F(RefreshOf, APathThroughALinkReachesTheMount) {
  const TemporaryDirectory elsewhere;
  std::filesystem::create_directory_symlink(mounted.path(), elsewhere.path() / "link");

  expect_success(refresh_command({elsewhere.path() / "link"}));
  expect_success(refresh_command({elsewhere.path() / "link/dir/inner.txt"}));
}

TEST_F(RefreshOf, ARelativePathIsThatOfTheWorkingDirectory) {
  auto outside = refresh_command({"mount/text.txt"});
  outside.directory = mounted.path().parent_path();
  auto inside = refresh_command({"."});
  inside.directory = mounted / "dir";

  expect_success(outside);
  expect_success(inside);
}

TEST_F(RefreshOf, APlaceOutsideSaysSo) {
  const auto outside = mounted.path().parent_path();

  expect_refusal(refresh_command({outside}),
                 {"cannot refresh '" + outside.string() + "': it is not in a mount of blobmount"});
  expect_refusal(refresh_command({outside / "absent"}), {"not in a mount of blobmount"});
  expect_refusal(refresh_command({outside, mounted.path(), "/"}),
                 {"cannot refresh '" + outside.string() + "'", "cannot refresh '/'"});
  expect_refusal(refresh_command({}), {"PATH", "blobmount refresh --help"}, 2);
}

TEST_F(RefreshOf, AMountThatDiedSaysSo) {
  mounted.process().signal(SIGKILL);
  ASSERT_TRUE(mounted.process().wait(soon));

  expect_refusal(refresh_command({mounted / "text.txt"}),
                 {"the blobmount that serves '" + mounted.path().string() + "' does not answer"});
}

TEST_F(RefreshOf, AMountThatHangsIsGivenUp) {
  mounted.process().signal(SIGSTOP);
  const Process asking(refresh_command({mounted / "text.txt"}));

  EXPECT_EQ(asking.wait(1s), std::nullopt) << "it may only be slow";
  EXPECT_EQ(asking.wait(60s), 1);
  EXPECT_TRUE(asking.wait_for_end_of_output(10s));
  EXPECT_NE(asking.error_output().find("does not answer in time"), std::string::npos)
      << asking.error_output();

  mounted.process().signal(SIGCONT);
}

TEST_F(RefreshOf, AMountOfRootIsNotForOthers) {
  if (::geteuid() != 0) GTEST_SKIP() << "becoming another user takes root";
  auto as_nobody = refresh_command({mounted / "text.txt"});
  // the program may lie where nobody may look
  const auto program = std::filesystem::path("/tmp") / ("blobmount-" + std::to_string(::getpid()));
  std::filesystem::copy_file(BLOBMOUNT_BINARY, program);
  as_nobody.arguments.front() = program;
  as_nobody.arguments.insert(as_nobody.arguments.begin(), {"setpriv", "--reuid=65534", "--clear-groups"});

  expect_refusal(as_nobody, {"no permission to ask", "be root"});

  std::filesystem::remove(program);
}

TEST(RefreshWithAnEscapedMountPoint, Succeeds) {
  const TemporaryDirectory directory;
  const auto mount_point = directory.path() / "my docs\\040";
  std::filesystem::create_directory(mount_point);
  auto options = account().mount("test");
  const Process daemon(blobmount_command({options.source, mount_point, "--foreground"}, options.environment));
  ASSERT_TRUE(eventually(soon, [&] { return read_file(mount_point / "text.txt").error == 0; }))
      << daemon.error_output();

  expect_success(refresh_command({mount_point / "dir"}));

  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(soon), 0);
}

/// Where the daemon of what is mounted there listens, if it is root's.
std::filesystem::path socket_of(const std::filesystem::path& mount_point) {
  const auto table = read_mount_table();
  const auto* const mount = find_mount(table, mount_point.string());
  return std::filesystem::path("/run/blobmount") / (mount != nullptr ? mount->device + ".sock" : "none");
}

TEST(RefreshSocket, IsThereAsLongAsTheMount) {
  if (::geteuid() != 0) GTEST_SKIP() << "/run/blobmount is root's";
  const BackgroundMount mount(account().mount("test"));
  const auto socket = socket_of(mount.path());
  const auto made = status_of(socket);
  ASSERT_TRUE(made) << "as soon as the mount can be used";
  EXPECT_EQ(made->st_mode & 07777U, 0600U);
  EXPECT_EQ(status_of(socket.parent_path())->st_mode & 07777U, 0700U);
  expect_success(refresh_command({mount.path()}));

  EXPECT_EQ(unmount(mount.path()), 0);
  EXPECT_TRUE(mount.gone(soon));

  // another mount, of another test, may have got the same number
  const auto left = status_of(socket);
  EXPECT_TRUE(!left || left->st_ctim.tv_sec != made->st_ctim.tv_sec ||
              left->st_ctim.tv_nsec != made->st_ctim.tv_nsec);
}

/// A mount that never asks again by itself.
class RefreshShows : public testing::Test {
 protected:
  void SetUp() override {
    write(name(), "old\n");
    write("dir/" + name(), "old\n");
  }
  /// What `cat` and `ls -l` show.
  void expect_seen(const std::filesystem::path& file, const std::string& content) const {
    EXPECT_EQ(content_of(file), content);
    const auto status = status_of(file);
    ASSERT_TRUE(status);
    EXPECT_EQ(status->st_size, static_cast<off_t>(content.size()));
  }
  [[nodiscard]] static std::string name() {
    return testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  [[nodiscard]] std::filesystem::path file() const { return mounted / name(); }

  const Mounted mounted{account().mount("test").with("--consistency", "immutable")};
};

TEST_F(RefreshShows, AnOverwrittenBlobAndNotBefore) {
  expect_seen(file(), "old\n");
  write(name(), "new and longer\n");
  expect_seen(file(), "old\n");

  expect_success(refresh_command({file()}));

  expect_seen(file(), "new and longer\n");
}

TEST_F(RefreshShows, AnOverwrittenBlobToADirectorysListingToo) {
  ASSERT_TRUE(names_in(mounted.path()).contains(name()));
  expect_seen(file(), "old\n");
  write(name(), "new and longer\n");

  expect_success(refresh_command({file()}));

  ASSERT_TRUE(names_in(mounted.path()).contains(name()));
  expect_seen(file(), "new and longer\n");
}

TEST_F(RefreshShows, WhatIsBelowADirectory) {
  const auto inner = mounted / "dir" / name();
  expect_seen(inner, "old\n");
  write("dir/" + name(), "new and longer\n");

  expect_success(refresh_command({mounted / "dir"}));

  expect_seen(inner, "new and longer\n");
}

TEST_F(RefreshShows, WhatIsAnywhereForTheMountPoint) {
  const auto inner = mounted / "dir" / name();
  expect_seen(inner, "old\n");
  expect_seen(file(), "old\n");
  write("dir/" + name(), "new and longer\n");
  write(name(), "newer\n");

  expect_success(refresh_command({mounted.path()}));

  expect_seen(inner, "new and longer\n");
  expect_seen(file(), "newer\n");
}

TEST_F(RefreshShows, NothingBesideThePath) {
  const auto inner = mounted / "dir" / name();
  expect_seen(inner, "old\n");
  expect_seen(file(), "old\n");
  write("dir/" + name(), "new and longer\n");
  write(name(), "newer\n");

  expect_success(refresh_command({inner}));

  expect_seen(inner, "new and longer\n");
  expect_seen(file(), "old\n");
}

TEST_F(RefreshShows, ANameThatWasAbsent) {
  const auto absent = mounted / (name() + "-later");
  ASSERT_EQ(stat_error(absent), ENOENT);
  write(name() + "-later", "there\n");

  expect_success(refresh_command({absent}));

  expect_seen(absent, "there\n");
}

TEST_F(RefreshShows, ThatABlobIsGone) {
  expect_seen(file(), "old\n");
  account().service.blobs().remove("test", name());

  expect_success(refresh_command({file()}));

  EXPECT_EQ(stat_error(file()), ENOENT);
}

TEST(RefreshOfACachedMount, ShowsAnOverwrittenBlobBeforeItsTime) {
  write("cached.txt", "old\n");
  const Mounted mounted(account().mount("test").with("--consistency", "cached:1h"));
  ASSERT_EQ(content_of(mounted / "cached.txt"), "old\n");
  write("cached.txt", "new and longer\n");
  ASSERT_EQ(content_of(mounted / "cached.txt"), "old\n");

  expect_success(refresh_command({mounted / "cached.txt"}));

  EXPECT_EQ(content_of(mounted / "cached.txt"), "new and longer\n");
}

}  // namespace
}  // namespace blobmount::tests
