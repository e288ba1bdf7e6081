#include "cache/disk_format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::StartsWith;

const BlobVersion version{.container = "c", .blob = "b", .etag = "\"1\"", .size = 3 * page_size};

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(DiskFormat, EveryPartOfAVersionIsPartOfItsIdentity) {
  const auto identity = disk_identity("account", version);

  EXPECT_EQ(identity, disk_identity("account", version));
  EXPECT_NE(identity, disk_identity("other", version));
  for (const auto& other :
       {BlobVersion{"x", "b", "\"1\"", version.size}, BlobVersion{"c", "x", "\"1\"", version.size},
        BlobVersion{"c", "b", "\"2\"", version.size}, BlobVersion{"c", "b", "\"1\"", 1}}) {
    EXPECT_NE(identity, disk_identity("account", other));
  }
}

TEST(DiskFormat, WhereANameEndsIsPartOfTheIdentity) {
  EXPECT_NE(disk_identity("a", {"b", "cd", "e", 1}).text, disk_identity("a", {"bc", "d", "e", 1}).text);
}

TEST(DiskFormat, NamesOfFilesAreReadAsTheyWereWritten) {
  for (const DiskName name : {DiskName{0}, DiskName{0xabc}, ~DiskName{0}}) {
    const auto data = parse_file_name(data_file(name));
    const auto side = parse_file_name(side_file(name));

    ASSERT_TRUE(data && side);
    EXPECT_EQ(data->name, name);
    EXPECT_EQ(data->kind, DiskFileKind::data);
    EXPECT_EQ(side->name, name);
    EXPECT_EQ(side->kind, DiskFileKind::side);
  }
}

TEST(DiskFormat, OtherFilesAreNotOurs) {
  for (const auto* name :
       {"", "lock", ".data", "0123456789abcdef", "0123456789abcdef.dat", "0123456789ABCDEF.data",
        "0123456789abcdef.data~", "0123456789abcde.data", "0123456789abcdeg.data", "+123456789abcdef.data",
        "00123456789abcdef.data", "0123456789abcdef.pages.data"}) {
    EXPECT_FALSE(parse_file_name(name)) << name;
  }
}

/// Who changes this changes the format: count its version up, so that nobody misreads the other's files.
TEST(DiskFormat, TheHeaderIsWhatItsPageSays) {
  using namespace std::string_literals;

  const auto header = text_of(side_header(disk_identity("a", version)));

  EXPECT_EQ(header, "blobmnt\n"s + "\1\0\0\0"s + "\0\0\1\0"s + "\0\0\3\0\0\0\0\0"s + "\11\0\0\0"s +
                        "a\0c\0b\0\"1\""s + "\0\0\0"s);
  EXPECT_EQ(header.size(), record_offset(disk_identity("a", version), 0));
}

TEST(DiskFormat, TheNameOfAVersionNeverChanges) {
  EXPECT_EQ(data_file(disk_identity("a", version).name), "e04792ea13e12dda.data");
}

TEST(DiskFormat, ARecordIsReadAsItWasWritten) {
  for (const std::uint32_t checksum : {0U, 1U, 0x12345678U, ~0U}) {
    EXPECT_EQ(checksum_of(page_record(checksum)), checksum);
  }
}

TEST(DiskFormat, AnEmptyOrTornRecordIsNone) {
  EXPECT_FALSE(checksum_of(PageRecord{}));
  for (std::size_t written = 1; written < sizeof(PageRecord); ++written) {
    auto record = page_record(0x12345678);
    std::fill(record.begin() + static_cast<std::ptrdiff_t>(written), record.end(), std::byte{0});
    EXPECT_FALSE(checksum_of(record)) << written;
  }
}

TEST(DiskFormat, ARecordWithAFlippedBitIsNone) {
  for (std::size_t bit = 0; bit < 8 * sizeof(PageRecord); ++bit) {
    auto record = page_record(0x12345678);
    record[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(checksum_of(record)) << bit;
  }
}

TEST(DiskFormat, RecordsStandAtMultiplesOfTheirSize) {
  for (const auto* account : {"a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh"}) {
    const auto identity = disk_identity(account, version);
    EXPECT_EQ(record_offset(identity, 0) % sizeof(PageRecord), 0U);
    EXPECT_EQ(record_offset(identity, 5), record_offset(identity, 0) + 5 * sizeof(PageRecord));
    EXPECT_THAT(text_of(side_header(identity)), StartsWith("blobmnt\n"));
  }
}

}  // namespace
}  // namespace blobmount
