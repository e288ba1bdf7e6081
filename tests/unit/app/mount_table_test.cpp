#include "app/mount_table.hpp"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using testing::HasSubstr;

constexpr auto root = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n";

std::string mounted_on(const std::string& mount_point, const std::string& device = "0:52",
                       const std::string& inside = "/", const std::string& type = "fuse.blobmount") {
  return "99 22 " + device + " " + inside + " " + mount_point + " ro,nosuid,nodev shared:9 master:2 - " +
         type + " account/docs ro,user_id=1000,group_id=1000,default_permissions\n";
}

TEST(MountTableText, BecomesEntries) {
  const auto table = parse_mount_table(root + mounted_on("/mnt/docs"));

  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table[0].mount_point, "/");
  EXPECT_EQ(table[0].type, "ext4");
  EXPECT_FALSE(table[0].is_blobmount());
  EXPECT_EQ(table[1].device, "0:52");
  EXPECT_EQ(table[1].root, "/");
  EXPECT_EQ(table[1].mount_point, "/mnt/docs");
  EXPECT_EQ(table[1].owner, 1000U);
  EXPECT_TRUE(table[1].is_blobmount());
}

TEST(MountTableText, HasAnyNumberOfFieldsBeforeTheDash) {
  const auto table = parse_mount_table("99 22 0:52 / /mnt ro - fuse.blobmount account ro,user_id=0\n");

  ASSERT_EQ(table.size(), 1U);
  EXPECT_EQ(table[0].mount_point, "/mnt");
  EXPECT_EQ(table[0].owner, 0U);
}

TEST(MountTableText, HasEscapes) {
  const auto table = parse_mount_table(mounted_on("/mnt/my\\040docs\\011\\134040") + mounted_on("/mnt/\\04"));

  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table[0].mount_point, "/mnt/my docs\t\\040");
  EXPECT_EQ(table[1].mount_point, "/mnt/\\04") << "which the kernel does not write";
}

TEST(MountTableText, ThatIsNoneIsLeftOut) {
  EXPECT_TRUE(parse_mount_table("").empty());
  EXPECT_TRUE(
      parse_mount_table("\n\nnonsense\n- - - -\n99 22 0:52 / /mnt ro -\n1 2 3 4 5 6 7 8 9\n").empty());
}

TEST(MountTableText, OfThisProcessHasARoot) { EXPECT_NE(find_mount(read_mount_table(), "/"), nullptr); }

TEST(Mounts, OfWhichTheLastOnAMountPointIsVisible) {
  const auto table = parse_mount_table(root + mounted_on("/mnt", "0:52") + mounted_on("/mnt", "0:53"));

  const auto* const mount = find_mount(table, "/mnt");
  ASSERT_NE(mount, nullptr);
  EXPECT_EQ(mount->device, "0:53");
  EXPECT_EQ(find_mount(table, "/mnt/docs"), nullptr);
}

class MountedPlaces : public testing::Test {
 protected:
  /// "DEVICE PATH", or the error's sentence.
  [[nodiscard]] static std::string find(const std::string& text, const std::string& path) {
    const auto place = find_mounted_place(parse_mount_table(text), path);
    return place ? place->mount.device + " " + place->path : place.error().message;
  }
  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return directory_.path() / name; }

 private:
  const tests::TemporaryDirectory directory_;
};

TEST_F(MountedPlaces, AreRelativeToTheMountPoint) {
  const auto table = root + mounted_on("/no/such/docs");

  EXPECT_EQ(find(table, "/no/such/docs"), "0:52 ");
  EXPECT_EQ(find(table, "/no/such/docs/"), "0:52 ");
  EXPECT_EQ(find(table, "/no/such/docs/a/b"), "0:52 a/b");
  EXPECT_EQ(find(table, "//no/./such//docs/a/../b/."), "0:52 b");
}

TEST_F(MountedPlaces, AreInTheInnermostMount) {
  const auto table = root + mounted_on("/no/docs", "0:52") + mounted_on("/no/docs/a", "0:53") +
                     mounted_on("/no/docs/tmp", "0:54", "/", "tmpfs");

  EXPECT_EQ(find(table, "/no/docs/b"), "0:52 b");
  EXPECT_EQ(find(table, "/no/docs/a/b"), "0:53 b");
  EXPECT_EQ(find(table, "/no/docs/ab"), "0:52 ab");
  EXPECT_THAT(find(table, "/no/docs/tmp/x"), HasSubstr("not in a mount of blobmount"));
}

TEST_F(MountedPlaces, AreNotElsewhere) {
  const auto table = root + mounted_on("/no/docs") + mounted_on("/no/other", "0:60", "/", "fuse.sshfs");

  for (const auto* path : {"/", "/no", "/no/docs2", "/no/docs/..", "/no/docs/../../x", "/no/other/a", "/tmp"})
    EXPECT_THAT(find(table, path), HasSubstr("not in a mount of blobmount")) << path;
  EXPECT_THAT(find("", "/no/docs"), HasSubstr("not in a mount of blobmount"));
  EXPECT_EQ(find(table, ""), "the path is empty");
}

TEST_F(MountedPlaces, MayBeShownByABindMount) {
  const auto table = root + mounted_on("/no/sub", "0:52", "/a/my\\040b");

  EXPECT_EQ(find(table, "/no/sub"), "0:52 a/my b");
  EXPECT_EQ(find(table, "/no/sub/c"), "0:52 a/my b/c");
}

TEST_F(MountedPlaces, AreMountPointsAlsoWhereABindMountShowsADirectory) {
  const auto table = parse_mount_table(root + mounted_on("/no/docs") + mounted_on("/no/sub", "0:52", "/a/b"));
  const auto is_mount_point = [&](const char* path) {
    return find_mounted_place(table, path)->is_mount_point();
  };

  EXPECT_TRUE(is_mount_point("/no/docs"));
  EXPECT_TRUE(is_mount_point("/no/sub"));
  EXPECT_FALSE(is_mount_point("/no/docs/a"));
  EXPECT_FALSE(is_mount_point("/no/sub/a"));
}

TEST_F(MountedPlaces, MayBeTheRoot) { EXPECT_EQ(find(mounted_on("/"), "/a/b"), "0:52 a/b"); }

TEST_F(MountedPlaces, AreFoundThroughLinksOutsideOfTheMount) {
  const auto table = root + mounted_on((*this / "mnt").string());
  std::filesystem::create_directories(*this / "mnt");
  std::filesystem::create_directories(*this / "far/away");
  std::filesystem::create_symlink(*this / "mnt", *this / "absolute");
  std::filesystem::create_symlink("../../mnt/a", *this / "far/away/relative");
  std::filesystem::create_symlink("far/away", *this / "near");

  EXPECT_EQ(find(table, *this / "absolute"), "0:52 ");
  EXPECT_EQ(find(table, *this / "absolute/b"), "0:52 b");
  EXPECT_EQ(find(table, *this / "near/relative/b"), "0:52 a/b");
  EXPECT_EQ(find(table, *this / "near/../../mnt/b"), "0:52 b") << "'..' is that of the link's target";
  EXPECT_EQ(find(table, *this / "near/../away/relative"), "0:52 a");
}

TEST_F(MountedPlaces, DoNotAskTheMountForLinks) {
  const auto table = root + mounted_on((*this / "mnt").string());
  std::filesystem::create_directories(*this / "mnt");
  std::filesystem::create_symlink("/", *this / "mnt/link");  // of what the mount hides

  EXPECT_EQ(find(table, *this / "mnt/link/b"), "0:52 link/b");
}

TEST_F(MountedPlaces, CannotBeFoundThroughALinkToItself) {
  std::filesystem::create_symlink("loop", *this / "loop");

  EXPECT_EQ(find(root, *this / "loop"), "too many symbolic links");
}

TEST_F(MountedPlaces, CountFromTheWorkingDirectory) {
  const auto here = std::filesystem::current_path();

  EXPECT_EQ(find(root + mounted_on(here.string()), "a"), "0:52 a");
  EXPECT_EQ(find(root + mounted_on(here.string()), "."), "0:52 ");
}

}  // namespace
}  // namespace blobmount
