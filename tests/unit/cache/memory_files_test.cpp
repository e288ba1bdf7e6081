#include "cache/memory_files.hpp"

#include <cerrno>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "fakes/fake_byte_source.hpp"
#include "fakes/recording_log.hpp"
#include "support/eventually.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t budget_pages = 256;
/// A quarter of the budget holds four of them, with what a file takes beside its bytes.
constexpr std::uint64_t one_size = 15 * page_size + 7;

SharedVersion version(const std::string& blob, std::uint64_t size = one_size) {
  return std::make_shared<const BlobVersion>(
      BlobVersion{.container = "c", .blob = blob, .etag = "\"1\"", .size = size});
}

class MemoryFilesTest : public testing::Test {
 protected:
  MemoryFilesTest() { source.answer_at_once(); }

  void read(const BlobVersion& version, ByteRange range) {
    std::promise<bool> read;
    const auto reader = tier.open(std::make_shared<const BlobVersion>(version));
    reader->read(range, {}, [&read](Result<Bytes> bytes) { read.set_value(static_cast<bool>(bytes)); });
    ASSERT_TRUE(read.get_future().get());
  }
  void read(const BlobVersion& version) { read(version, {0, version.size}); }

  /// Once it has been copied.
  std::optional<LocalFile> local_file(const BlobVersion& version) {
    std::optional<LocalFile> file;
    EXPECT_TRUE(eventually(20s, [&] { return (file = files.local_file(version)).has_value(); }));
    return file;
  }
  std::optional<LocalFile> read_and_copy(const BlobVersion& version) {
    read(version);
    return local_file(version);
  }
  /// For as long as it takes to copy it twice.
  bool is_never_copied(const BlobVersion& version) {
    return !eventually(200ms, [&] { return files.local_file(version).has_value(); });
  }

  static bool holds(const LocalFile& file, const BlobVersion& version) {
    std::vector<std::byte> bytes(version.size + 1);
    const auto count = ::pread(*file.descriptor, bytes.data(), bytes.size(), 0);
    return count == static_cast<ssize_t>(version.size) &&
           bytes_of_version(version).matches(0, {bytes.data(), version.size});
  }

  FakeByteSource source;
  RecordingLog log;
  MemoryBudget budget{budget_pages * page_size};
  MemoryTier tier{source, budget};
  MemoryFiles files{tier, log};
};

TEST_F(MemoryFilesTest, AVersionThatIsWholeInMemoryGetsAFileForWhoAsksNext) {
  const auto blob = version("blob");
  read(*blob);
  (void)source.started();

  EXPECT_FALSE(files.local_file(*blob));
  const auto file = local_file(*blob);

  ASSERT_TRUE(file);
  EXPECT_TRUE(holds(*file, *blob));
  EXPECT_TRUE(source.started().empty()) << "nothing is fetched for it";
}

TEST_F(MemoryFilesTest, NobodyCanChangeIt) {
  const auto file = read_and_copy(*version("blob"));
  ASSERT_TRUE(file);

  EXPECT_EQ(::pwrite(*file->descriptor, "x", 1, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::ftruncate(*file->descriptor, 0), -1);
}

TEST_F(MemoryFilesTest, AnotherVersionOfTheBlobHasAnotherFile) {
  auto changed = *version("blob");
  changed.etag = "\"2\"";
  const auto file = read_and_copy(*version("blob"));
  ASSERT_TRUE(file);

  EXPECT_FALSE(files.local_file(changed));
  const auto other = read_and_copy(changed);

  ASSERT_TRUE(other);
  EXPECT_TRUE(holds(*other, changed));
  EXPECT_TRUE(holds(*file, *version("blob")));
}

TEST_F(MemoryFilesTest, WhatIsNotWholeInMemoryHasNoneAndIsNotFetched) {
  const auto part = version("part"), absent = version("absent"), empty = version("empty", 0);
  read(*part, {0, one_size - 10 * page_size});
  (void)source.started();

  EXPECT_TRUE(is_never_copied(*part));
  EXPECT_TRUE(is_never_copied(*absent));
  EXPECT_TRUE(is_never_copied(*empty));
  EXPECT_TRUE(source.started().empty());
}

TEST_F(MemoryFilesTest, TheyAreChargedToTheBudgetAndTakeAQuarterOfItAtMost) {
  const auto before = budget.left_for_pages();
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(read_and_copy(*version(std::to_string(i))));
    EXPECT_LE(files.bytes(), budget.total() / 4);
  }

  EXPECT_GE(files.bytes(), 4 * one_size);
  EXPECT_LE(budget.left_for_pages(), before - 4 * one_size);
}

TEST_F(MemoryFilesTest, ALargerOneThanThatIsNotCopied) {
  const auto large = version("large", budget.total() / 4);
  read(*large);

  EXPECT_TRUE(is_never_copied(*large));
  EXPECT_EQ(files.bytes(), 0U);
}

TEST_F(MemoryFilesTest, TheLeastRecentlyUsedGoesFirst) {
  for (const auto* const name : {"0", "1", "2", "3"}) EXPECT_TRUE(read_and_copy(*version(name)));
  EXPECT_TRUE(files.local_file(*version("0")));

  EXPECT_TRUE(read_and_copy(*version("4")));

  EXPECT_TRUE(files.local_file(*version("0")));
  EXPECT_FALSE(files.local_file(*version("1")));
}

TEST_F(MemoryFilesTest, WhoReadsInACircleMoreThanThereIsRoomForFindsWhatIsThere) {
  for (int i = 0; i < 8; ++i) read(*version(std::to_string(i)));
  for (int i = 0; i < 8; ++i) EXPECT_FALSE(files.local_file(*version(std::to_string(i))));
  EXPECT_TRUE(eventually(20s, [&] { return files.bytes() >= 4 * one_size; }));

  for (int round = 0; round < 10; ++round) {
    int found = 0;
    for (int i = 0; i < 8; ++i) found += files.local_file(*version(std::to_string(i))) ? 1 : 0;
    EXPECT_GE(found, 3);
    std::this_thread::sleep_for(5ms);
  }
}

TEST_F(MemoryFilesTest, ThoseInUseAreNotEvicted) {
  const auto used = version("used");
  const auto file = read_and_copy(*used);
  ASSERT_TRUE(file);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(read_and_copy(*version(std::to_string(i))));

  EXPECT_TRUE(files.local_file(*used));
  EXPECT_TRUE(holds(*file, *used));
}

TEST_F(MemoryFilesTest, WhereAllAreInUseNoneIsCopied) {
  std::vector<std::optional<LocalFile>> used;
  for (int i = 0; i < 4; ++i) used.push_back(read_and_copy(*version(std::to_string(i))));
  read(*version("4"));

  EXPECT_TRUE(is_never_copied(*version("4")));
  used.clear();
  EXPECT_TRUE(local_file(*version("4")));
}

TEST_F(MemoryFilesTest, ClearingDropsThoseThatAreNotInUse) {
  const auto used = version("used"), unused = version("unused");
  const auto file = read_and_copy(*used);
  ASSERT_TRUE(read_and_copy(*unused));
  const auto before = files.bytes();

  EXPECT_EQ(files.clear(), before / 2);

  EXPECT_EQ(files.bytes(), before / 2);
  EXPECT_TRUE(files.local_file(*used));
  EXPECT_FALSE(files.local_file(*unused));
}

TEST_F(MemoryFilesTest, WhatWasHandedOutOutlivesTheEnd) {
  const auto file = read_and_copy(*version("blob"));
  ASSERT_TRUE(file);

  files.stop();

  EXPECT_TRUE(holds(*file, *version("blob")));
  read(*version("late"));
  EXPECT_FALSE(files.local_file(*version("late")));
}

}  // namespace
}  // namespace blobmount::tests
