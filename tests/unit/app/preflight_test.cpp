#include "app/preflight.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using testing::HasSubstr;

class MountPoints : public testing::Test {
 protected:
  static void expect_refused(const std::string& mount_point, const char* reason) {
    const auto usable = check_mount_point(mount_point);
    ASSERT_FALSE(usable) << mount_point;
    EXPECT_EQ(usable.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(usable.error().message, HasSubstr("cannot mount on '" + mount_point + "': "));
    EXPECT_THAT(usable.error().message, HasSubstr(reason));
  }

  tests::TemporaryDirectory directory_;
};

TEST_F(MountPoints, MustExist) { expect_refused(directory_.path() / "absent", "mkdir -p"); }

TEST_F(MountPoints, AreDirectories) {
  const auto file = directory_.path() / "file";
  std::ofstream(file) << "text";

  expect_refused(file, "it is not a directory");
  expect_refused(file / "below", "Not a directory");
}

TEST_F(MountPoints, MayNotBeALinkToItself) {
  const auto link = directory_.path() / "link";
  std::filesystem::create_symlink(link, link);

  expect_refused(link, "symbolic links");
}

TEST_F(MountPoints, AreUsableWhereFuseIs) {
  const auto usable = check_mount_point(directory_.path());

  if (!usable) {
    EXPECT_THAT(usable.error().message, HasSubstr("/dev/fuse"));
  }
}

TEST(CacheDirectories, AreNotInsideTheMount) {
  const tests::TemporaryDirectory directory;
  const auto mount_point = directory.path() / "mnt";
  std::filesystem::create_directory(mount_point);
  std::filesystem::create_directory_symlink(mount_point, directory.path() / "link");

  for (const char* const hidden : {"mnt", "mnt/cache", "mnt/not/yet", "link/cache", "other/../mnt/cache"}) {
    const auto usable = check_cache_directory(directory.path() / hidden, mount_point);
    ASSERT_FALSE(usable) << hidden;
    EXPECT_EQ(usable.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(usable.error().message, HasSubstr("choose a directory outside"));
  }
  for (const char* const fine : {"", "cache", "mnt-cache", "mnt/../cache"}) {
    EXPECT_TRUE(check_cache_directory(fine[0] != 0 ? (directory.path() / fine).string() : "", mount_point))
        << fine;
  }
}

}  // namespace
}  // namespace blobmount
