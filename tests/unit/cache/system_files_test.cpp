#include "cache/system_files.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "cache/disk_claim.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

using testing::HasSubstr;

/// A file system that is read-only, with one file and a lock on it.
class ReadOnlyDirectory : public testing::Test {
 protected:
  void SetUp() override {
    const auto options = "mode=0700";
    if (::mount("tmpfs", path.c_str(), "tmpfs", 0, options) != 0) GTEST_SKIP() << "needs root";
    mounted = true;
    std::ofstream(path + "/file") << "bytes";
    std::ofstream(path + "/lock") << "1";
    ASSERT_EQ(::mount(nullptr, path.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, options), 0);
  }
  void TearDown() override {
    if (mounted) ::umount2(path.c_str(), MNT_DETACH);
  }

  const TemporaryDirectory parent;
  const std::string path = parent.path();
  bool mounted = false;
};

TEST_F(ReadOnlyDirectory, IsReadThoughItCannotBeWrittenAnyMore) {
  const auto directory =
      system_directory(Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY)), Descriptor(-1));
  const auto file = directory->open("file");
  ASSERT_TRUE(file) << file.error().message;

  std::array<std::byte, 16> bytes{};
  const auto size = (*file)->read(0, bytes);
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, 5U);
  const auto written = (*file)->write(0, std::array{Piece(bytes)});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "write: Read-only file system");
}

TEST_F(ReadOnlyDirectory, IsRefusedByAMountInWords) {
  const auto claimed = claim_directory(path);

  ASSERT_FALSE(claimed);
  EXPECT_THAT(claimed.error().message,
              HasSubstr("it is read-only, and a cache is written: name another one"));
}

}  // namespace
}  // namespace blobmount::tests
