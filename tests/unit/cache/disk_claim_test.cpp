#include "cache/disk_claim.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

using testing::HasSubstr;

class DiskClaimTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return parent.path() / "cache"; }

  static mode_t mode_of(const std::string& file) {
    struct stat status {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0) << file;
    return status.st_mode & 07777U;
  }

  void make_directory(mode_t mode) const {
    ASSERT_EQ(::mkdir(path().c_str(), 0700), 0);
    ASSERT_EQ(::chmod(path().c_str(), mode), 0);
  }

  /// Who only looks is told the same.
  static std::string refusal(const std::string& path) {
    const auto claimable = check_claim(path);
    const auto claimed = claim_directory(path);
    EXPECT_EQ(claimable ? "" : claimable.error().message, claimed ? "" : claimed.error().message);
    return claimed ? "claimed" : claimed.error().message;
  }

  TemporaryDirectory parent;
};

TEST_F(DiskClaimTest, ADirectoryIsMadeForItsOwnerAlone) {
  const auto claimed = claim_directory(path());

  ASSERT_TRUE(claimed);
  EXPECT_EQ(mode_of(path()), 0700U);
  EXPECT_EQ(mode_of(path() + "/lock"), 0600U);
}

TEST_F(DiskClaimTest, WhoOnlyLooksChangesNothing) {
  EXPECT_TRUE(check_claim(path()));
  EXPECT_TRUE(check_claim(path() + "/"));
  EXPECT_FALSE(std::filesystem::exists(path()));

  make_directory(0755);
  EXPECT_TRUE(check_claim(path()));

  EXPECT_EQ(mode_of(path()), 0755U);
  EXPECT_TRUE(std::filesystem::is_empty(path()));
}

TEST_F(DiskClaimTest, FilesAreForTheirOwnerAlone) {
  const auto claimed = claim_directory(path());
  ASSERT_TRUE(claimed);
  const auto before = ::umask(0);

  EXPECT_TRUE((*claimed)->create("file"));

  ::umask(before);
  EXPECT_EQ(mode_of(path() + "/file"), 0600U);
}

TEST_F(DiskClaimTest, ADirectoryThatIsOpenToOthersIsTightened) {
  make_directory(0755);

  ASSERT_TRUE(claim_directory(path()));

  EXPECT_EQ(mode_of(path()), 0700U);
}

TEST_F(DiskClaimTest, ADirectoryOfOthersFilesStaysAsItIs) {
  make_directory(0755);
  std::ofstream(path() + "/file") << "text";

  EXPECT_THAT(refusal(path()), HasSubstr("holds other files"));
  EXPECT_EQ(mode_of(path()), 0755U);

  ASSERT_EQ(::chmod(path().c_str(), 0700), 0);
  EXPECT_TRUE(claim_directory(path()));
}

TEST_F(DiskClaimTest, ADirectoryThatWasOursIsTightenedWithAllItHolds) {
  ASSERT_TRUE(claim_directory(path()));
  std::ofstream(path() + "/file") << "text";
  ASSERT_EQ(::chmod(path().c_str(), 0750), 0);

  EXPECT_TRUE(claim_directory(path()));

  EXPECT_EQ(mode_of(path()), 0700U);
}

TEST_F(DiskClaimTest, ADirectoryOfAnotherUserThatIsOpenToOthersIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give a directory away";
  make_directory(0755);
  ASSERT_EQ(::chown(path().c_str(), 65534, 65534), 0);

  EXPECT_THAT(refusal(path()), HasSubstr("belongs to somebody else"));
}

TEST_F(DiskClaimTest, ASecondClaimIsRefusedWithTheOwnersProcess) {
  const auto first = claim_directory(path());
  ASSERT_TRUE(first);

  const auto second = claim_directory(path());

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::busy);
  EXPECT_EQ(second.error().message, "cache directory '" + path() +
                                        "': it is in use by another blobmount (pid " +
                                        std::to_string(::getpid()) + ")");
}

TEST_F(DiskClaimTest, WhoOnlyLooksIsInNobodysWay) {
  { ASSERT_TRUE(claim_directory(path())); }
  const int looking = ::open((path() + "/lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(looking, LOCK_SH), 0);
  EXPECT_TRUE(check_claim(path())) << "somebody else looks, too";

  std::atomic<bool> now{false};
  std::thread soon([looking, &now] {
    now.wait(false);
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
    ::close(looking);
  });
  now = true;
  now.notify_all();
  EXPECT_TRUE(claim_directory(path()));
  soon.join();
}

TEST_F(DiskClaimTest, TheClaimEndsWithItsOwner) {
  { ASSERT_TRUE(claim_directory(path())); }

  EXPECT_TRUE(claim_directory(path()));
}

TEST_F(DiskClaimTest, TheClaimEndsWhenItsProcessIsKilled) {
  std::array<int, 2> claimed{};
  ASSERT_EQ(::pipe(claimed.data()), 0);
  const auto child = ::fork();
  if (child == 0) {
    const auto claim = claim_directory(path());
    (void)!::write(claimed[1], "", 1);
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(claimed[0], &byte, 1), 1);
  EXPECT_THAT(refusal(path()), HasSubstr("(pid " + std::to_string(child) + ")"));

  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);

  EXPECT_TRUE(claim_directory(path()));
  for (const int end : claimed) ::close(end);
}

TEST_F(DiskClaimTest, WhatIsNoDirectoryOrCannotBeMadeIsRefused) {
  std::ofstream(path()) << "text";

  EXPECT_EQ(refusal(path()), "cache directory '" + path() + "': open it: Not a directory");
  EXPECT_EQ(refusal(path() + "x/y"),
            "cache directory '" + path() + "x/y': create it: No such file or directory");
}

TEST_F(DiskClaimTest, ADirectoryThatOthersHaveALockInIsNotTightened) {
  make_directory(0755);
  std::ofstream(path() + "/lock") << "4711";

  EXPECT_THAT(refusal(path()), HasSubstr("holds other files"));
  EXPECT_EQ(mode_of(path()), 0755U);
}

TEST_F(DiskClaimTest, WhatWasClaimedCanBeLookedIntoEvenWhileItIsUsed) {
  const auto claimed = claim_directory(path());
  ASSERT_TRUE(claimed);

  EXPECT_TRUE(look_into_directory(path()));
}

TEST_F(DiskClaimTest, WhatWasNeverClaimedIsNotLookedInto) {
  EXPECT_EQ(look_into_directory(path()).error().code, ErrorCode::not_found);
  make_directory(0700);
  EXPECT_EQ(look_into_directory(path()).error().code, ErrorCode::not_found);
  for (const auto* text : {"", "4711", "another program"}) {
    std::ofstream(path() + "/lock") << text;
    EXPECT_EQ(look_into_directory(path()).error().code, ErrorCode::not_found) << text;
  }
}

TEST_F(DiskClaimTest, AnotherUsersLinkIsNotFollowed) {
  make_directory(0700);
  std::filesystem::create_symlink("/dev/null", path() + "/lock");

  EXPECT_THAT(refusal(path()), HasSubstr("open its lock"));
}

}  // namespace
}  // namespace blobmount::tests
