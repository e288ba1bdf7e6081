/// Bytes: all of them, and none that are not the blob's, whichever program reads.

#include <algorithm>
#include <array>
#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kib = 1024, mib = 1024 * kib;
constexpr std::array sizes{std::size_t{0}, std::size_t{1}, 4 * kib - 1,   4 * kib, 4 * kib + 1,
                           128 * kib - 1,  128 * kib,      128 * kib + 1, mib - 1, mib,
                           mib + 1,        5 * mib + 12345};

std::string name_of(std::size_t size) { return "size-" + std::to_string(size); }

/// Blobs of all sizes, and a copy of each that is no mount's.
struct Blobs {
  Blobs() {
    account.author.create_container("test");
    std::filesystem::create_directory(originals());
    for (const auto size : sizes) {
      const auto bytes = random_bytes(size, size);
      account.author.put("test", "files/" + name_of(size), bytes);
      std::ofstream(originals() / name_of(size), std::ios::binary) << bytes;
    }
    account.author.put("test", "lines", "first\nsecond\nlast\n");
  }

  [[nodiscard]] std::filesystem::path originals() const { return directory.path() / "files"; }

  AzuriteAccount account;
  TemporaryDirectory directory;
};

Blobs& blobs() {
  static Blobs filled;
  return filled;
}

class Reading : public testing::Test {
 protected:
  /// What a shell says of `script`, in which $M is the mount, $O the originals, and . an empty directory.
  std::string said(const std::string& script) const {
    const TemporaryDirectory work;
    const auto finished = run({.arguments = {"sh", "-c", script},
                               .environment = {{"M", mounted.path()}, {"O", blobs().directory.path()}},
                               .directory = work.path()},
                              60s);
    return finished ? finished->output + finished->error_output : "it hangs";
  }

  const Mounted mounted{blobs().account.mount("test")};
};

TEST_F(Reading, OfEverySizeGivesTheBlob) {
  for (const auto size : sizes) {
    EXPECT_EQ(read_file(mounted / "files" / name_of(size)), (FileHandle::Read{random_bytes(size, size)}));
  }
}

TEST_F(Reading, AroundTheEndGivesWhatIsThere) {
  for (const auto size : sizes) {
    const FileHandle file(mounted / "files" / name_of(size));
    const auto bytes = random_bytes(size, size);
    for (const std::uint64_t back : {0U, 1U, 4095U, 4096U}) {
      const auto offset = size - std::min<std::uint64_t>(size, back);
      EXPECT_EQ(file.read(offset, mib).bytes, bytes.substr(offset)) << size << " from " << offset;
    }
    EXPECT_EQ(file.read(size + 100, 100), FileHandle::Read{}) << "behind the end is nothing, and no error";
  }
}

TEST_F(Reading, AnywhereGivesThoseBytes) {
  const auto size = sizes.back();
  const auto bytes = random_bytes(size, size);
  const FileHandle cached(mounted / "files" / name_of(size));
  const FileHandle direct(mounted / "files" / name_of(size), O_RDONLY | O_DIRECT);
  std::mt19937 random(std::random_device{}());
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t offset = random() % size;
    const std::size_t length = random() % (i % 10 == 0 ? mib : 10'000);
    const auto& file = i % 2 == 0 ? cached : direct;
    ASSERT_EQ(file.read(offset, length).bytes, bytes.substr(offset, length)) << offset << "+" << length;
  }
}

TEST_F(Reading, IsWhatTheUsualProgramsDo) {
  EXPECT_EQ(said("cat $M/lines"), "first\nsecond\nlast\n");
  EXPECT_EQ(said("head -n 1 $M/lines"), "first\n");
  EXPECT_EQ(said("head -c 100 $M/files/size-1048577 | cmp - $O/files/size-1048577 2>&1 | grep -c EOF"),
            "1\n");
  EXPECT_EQ(said("tail -c 5 $M/lines"), "last\n");
  EXPECT_EQ(said("tail -c 70000 $M/files/size-5255225 >a && tail -c 70000 $O/files/size-5255225 | cmp a -"),
            "");
  EXPECT_EQ(said("grep -c second $M/lines"), "1\n");
  EXPECT_EQ(said("wc -c <$M/files/size-1048577"), "1048577\n");
  EXPECT_EQ(said("dd if=$M/files/size-5255225 bs=1M skip=2 count=1 status=none >a && "
                 "dd if=$O/files/size-5255225 bs=1M skip=2 count=1 status=none | cmp a -"),
            "");
}

TEST_F(Reading, GivesCopiesThatAgree) {
  EXPECT_EQ(said("(cd $O && md5sum files/*) >sums && W=$PWD && cd $M && md5sum --quiet -c $W/sums"), "");
  EXPECT_EQ(said("cp -r $M/files . && diff -r $O/files files"), "");
  EXPECT_EQ(said("rsync -a $M/files . && diff -r $O/files files"), "");
  EXPECT_EQ(said("rsync -a $M/files . && rsync -a --itemize-changes $M/files ."), "") << "nothing is new";
  EXPECT_EQ(
      said("rsync -ac --dry-run --itemize-changes --omit-dir-times $M/files/ $O/files/ | grep -v '^\\.'"), "")
      << "by checksum";
  EXPECT_EQ(said("tar -C $M -cf a.tar files && tar -xf a.tar && diff -r $O/files files"), "");
}

TEST_F(Reading, ThroughAMappingGivesTheSame) {
  EXPECT_EQ(said(R"(python3 -c '
import mmap, os, random
name = "files/size-5255225"
with open(os.environ["M"] + "/" + name, "rb") as f, open(os.environ["O"] + "/" + name, "rb") as g:
    original = g.read()
    with mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m:
        for i in range(100):
            at = random.randrange(len(original))
            assert m[at:at + 5000] == original[at:at + 5000], at
        assert m[:] == original
print("same")')"),
            "same\n");
}

TEST_F(Reading, GivesADatabaseItsRows) {
  const TemporaryDirectory work;
  const auto made =
      run({.arguments = {"sh", "-c", "sqlite3 db 'create table t(x); insert into t values(42)'"},
           .directory = work.path()});
  ASSERT_TRUE(made && made->status == 0);
  blobs().account.author.put("test", "db", read_file(work.path() / "db").bytes);

  EXPECT_EQ(said("sqlite3 \"file:$M/db?immutable=1\" 'select x from t'"), "42\n");
}

}  // namespace
}  // namespace blobmount::tests
