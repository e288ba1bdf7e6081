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

}  // namespace
}  // namespace blobmount
