/// What stat, du and df see, who may read, and that nobody can write.

#include <cerrno>
#include <functional>

#include <gtest/gtest.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

AzuriteAccount& account() {
  static AzuriteAccount running;
  static const bool filled = [] {
    auto& author = running.author;
    author.create_container("test");
    author.put("test", "empty", "");
    author.put("test", "one", "1");
    author.put("test", "dir/file", std::string(100'000, 'x'));
    author.put("test", "marked", "", {{"hdi_isfolder", "true"}});
    return true;
  }();
  (void)filled;
  return running;
}

std::string output_of(std::vector<std::string> arguments) {
  const auto finished = run({.arguments = std::move(arguments), .environment = {{"LC_ALL", "C"}}});
  return finished ? finished->output + finished->error_output : "it hangs";
}

TEST(Attributes, OfAFileAreThoseOfItsBlob) {
  const auto before = ::time(nullptr);
  account().author.put("test", "fresh", "hello\n");
  const Mounted mounted(account().mount("test"));

  const auto status = status_of(mounted / "fresh");

  ASSERT_TRUE(status);
  EXPECT_TRUE(S_ISREG(status->st_mode));
  EXPECT_EQ(status->st_size, 6);
  EXPECT_EQ(status->st_blocks, 1);
  EXPECT_EQ(status->st_nlink, 1U);
  EXPECT_GE(status->st_mtim.tv_sec, before);
  EXPECT_LE(status->st_mtim.tv_sec, ::time(nullptr));
  EXPECT_EQ(status->st_ctim.tv_sec, status->st_mtim.tv_sec);
  EXPECT_EQ(status->st_atim.tv_sec, status->st_mtim.tv_sec);
  account().author.remove("test", "fresh");
}

TEST(Attributes, AreTheSameWhetherAListingOrALookupShowedThem) {
  const Mounted listed(account().mount("test")), unlisted(account().mount("test"));
  ASSERT_FALSE(names_in(listed.path()).empty());

  for (const auto* const name : {"empty", "one", "dir", "marked"}) {
    const auto a = status_of(listed / name), b = status_of(unlisted / name);
    ASSERT_TRUE(a && b) << name;
    EXPECT_EQ(a->st_size, b->st_size) << name;
    EXPECT_EQ(a->st_mode, b->st_mode) << name;
    EXPECT_EQ(a->st_ino, b->st_ino) << name << ": the number is that of the place, on every mount";
    const bool dated = std::string(name) != "dir";  // which shows when it was mounted
    if (dated) {
      EXPECT_EQ(a->st_mtim.tv_sec, b->st_mtim.tv_sec) << name;
    }
  }
}

TEST(Attributes, OfADirectoryAllowWalkingIt) {
  const Mounted mounted(account().mount("test"));

  const auto status = status_of(mounted / "dir");

  ASSERT_TRUE(status);
  EXPECT_EQ(status->st_mode, S_IFDIR | 0755U);
  EXPECT_EQ(status->st_nlink, 1U) << "links are not counted, and find must not believe that they are";
  EXPECT_EQ(output_of({"find", mounted / "dir", "-type", "f", "-printf", "%P %s\n"}), "file 100000\n");
}

TEST(Attributes, DuCountsWhatBlobsHold) {
  const Mounted mounted(account().mount("test"));
  EXPECT_EQ(output_of({"du", "-B1", mounted / "dir/file"}),
            "100352\t" + (mounted / "dir/file").string() + "\n");
  EXPECT_EQ(output_of({"du", "--apparent-size", "-B1", mounted / "one"}),
            "1\t" + (mounted / "one").string() + "\n");
}

TEST(Attributes, DfShowsAPebibyteAndNotTheLocalDisk) {
  const Mounted mounted(account().mount("test"));
  struct statvfs statistics {};
  ASSERT_EQ(::statvfs(mounted.path().c_str(), &statistics), 0);

  EXPECT_EQ(statistics.f_blocks * statistics.f_frsize, 1ULL << 50U);
  EXPECT_EQ(statistics.f_bavail, statistics.f_blocks);
  EXPECT_GT(statistics.f_favail, 1'000'000U);
  EXPECT_EQ(statistics.f_namemax, 255U);
  EXPECT_EQ(statistics.f_flag & ST_RDONLY, static_cast<unsigned long>(ST_RDONLY));
  EXPECT_NE(output_of({"df", "--output=source,fstype", mounted.path()})
                .find("devstoreaccount1/test fuse.blobmount"),
            std::string::npos);
}

TEST(InodeNumbers, StayWhenABlobIsOverwritten) {
  account().author.put("test", "changing", "first");
  const Mounted mounted(account().mount("test").with("--attr-ttl", "0"));
  const auto before = status_of(mounted / "changing");

  account().author.put("test", "changing", "and second");
  const auto after = status_of(mounted / "changing");

  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->st_ino, after->st_ino);
  EXPECT_EQ(after->st_size, 10);
  account().author.remove("test", "changing");
}

TEST(Appearance, IsThatOfWhoMountsUnlessToldOtherwise) {
  const Mounted plain(account().mount("test"));
  const auto mine = status_of(plain / "one");
  ASSERT_TRUE(mine);
  EXPECT_EQ(mine->st_uid, ::getuid());
  EXPECT_EQ(mine->st_gid, ::getgid());
  EXPECT_EQ(mine->st_mode, S_IFREG | 0644U);

  const Mounted told(account()
                         .mount("test")
                         .with("--uid", "1234")
                         .with("--gid", "2345")
                         .with("--file-mode", "0440")
                         .with("--dir-mode", "0510"));
  const auto file = status_of(told / "one"), directory = status_of(told / "dir");
  ASSERT_TRUE(file && directory);
  EXPECT_EQ(file->st_uid, 1234U);
  EXPECT_EQ(file->st_gid, 2345U);
  EXPECT_EQ(file->st_mode, S_IFREG | 0440U);
  EXPECT_EQ(directory->st_mode, S_IFDIR | 0510U);
}

class OtherUsers : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "becoming another user takes root";
  }

  /// What `user` gets when it reads "one".
  static std::string read_as(const std::string& user, const Mounted& mounted) {
    std::filesystem::permissions(mounted.path().parent_path(), std::filesystem::perms{0755});
    return output_of({"setpriv", "--reuid=" + user, "--clear-groups", "--", "cat", mounted / "one"});
  }
  static std::string denied(const Mounted& mounted) {
    return "cat: " + (mounted / "one").string() + ": Permission denied\n";
  }
};

TEST_F(OtherUsers, AreKeptOutUnlessAllowed) {
  const Mounted closed(account().mount("test"));
  EXPECT_EQ(read_as("65534", closed), denied(closed));

  const Mounted open(account().mount("test").with("--allow-other"));
  EXPECT_EQ(read_as("65534", open), "1");
}

TEST_F(OtherUsers, ThatAreAllowedMayDoWhatTheModesSay) {
  const Mounted of_1234(
      account().mount("test").with("--allow-other").with("--uid", "1234").with("--file-mode", "0400"));
  EXPECT_EQ(read_as("1234", of_1234), "1");
  EXPECT_EQ(read_as("65534", of_1234), denied(of_1234));

  const Mounted no_entrance(account().mount("test").with("--allow-other").with("--dir-mode", "0700"));
  EXPECT_EQ(read_as("65534", no_entrance), denied(no_entrance));
}

/// errno of what a call returns.
int error_of(int result) { return result < 0 ? errno : 0; }

TEST(Writing, OfAnyKindIsRefusedByAReadOnlyFileSystem) {
  const Mounted mounted(account().mount("test"));
  const auto file = (mounted / "one").string(), absent = (mounted / "new").string();
  const auto directory = (mounted / "dir").string();
  const timeval times[2] = {};

  const std::vector<std::pair<const char*, std::function<int()>>> writes{
      {"open for writing", [&] { return ::open(file.c_str(), O_WRONLY); }},
      {"open for both", [&] { return ::open(file.c_str(), O_RDWR); }},
      {"open to append", [&] { return ::open(file.c_str(), O_WRONLY | O_APPEND); }},
      {"open to truncate", [&] { return ::open(file.c_str(), O_RDONLY | O_TRUNC); }},
      {"create", [&] { return ::open(absent.c_str(), O_WRONLY | O_CREAT, 0644); }},
      {"create a nameless file", [&] { return ::open(directory.c_str(), O_WRONLY | O_TMPFILE, 0644); }},
      {"mkdir", [&] { return ::mkdir(absent.c_str(), 0755); }},
      {"mknod", [&] { return ::mknod(absent.c_str(), S_IFREG | 0644, 0); }},
      {"unlink", [&] { return ::unlink(file.c_str()); }},
      {"rmdir", [&] { return ::rmdir(directory.c_str()); }},
      {"rename", [&] { return ::rename(file.c_str(), absent.c_str()); }},
      {"link", [&] { return ::link(file.c_str(), absent.c_str()); }},
      {"symlink", [&] { return ::symlink("one", absent.c_str()); }},
      {"chmod", [&] { return ::chmod(file.c_str(), 0600); }},
      {"chown", [&] { return ::chown(file.c_str(), 1, 1); }},
      {"truncate", [&] { return ::truncate(file.c_str(), 0); }},
      {"utimes", [&] { return ::utimes(file.c_str(), times); }},
      {"setxattr", [&] { return ::setxattr(file.c_str(), "user.x", "y", 1, 0); }},
      {"removexattr", [&] { return ::removexattr(file.c_str(), "user.x"); }},
      {"access", [&] { return ::access(file.c_str(), W_OK); }}};

  for (const auto& [kind, write] : writes) EXPECT_EQ(error_of(write()), EROFS) << kind;
  EXPECT_EQ(content_of(file), "1");
  EXPECT_EQ(names_in(mounted.path()), (std::set<std::string>{"empty", "one", "dir", "marked"}));
}

}  // namespace
}  // namespace blobmount::tests
