#include "fuse/directory_buffer.hpp"

#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fuse.h>

namespace blobmount {
namespace {

using testing::ElementsAre;

struct stat status_of(ino_t number, mode_t mode) {
  struct stat status {};
  status.st_ino = number;
  status.st_mode = mode;
  return status;
}

template <typename Header>
Header header_at(const char* bytes) {
  Header header;
  std::memcpy(&header, bytes, sizeof header);
  return header;
}

/// "name number type next" of each entry, as the kernel reads them.
std::vector<std::string> entries_in(const DirectoryBuffer& buffer) {
  std::vector<std::string> entries;
  for (std::size_t at = 0; at < buffer.size();) {
    const auto entry = header_at<fuse_dirent>(buffer.data() + at);
    entries.push_back(std::string(buffer.data() + at + FUSE_NAME_OFFSET, entry.namelen) + " " +
                      std::to_string(entry.ino) + " " + std::to_string(entry.type) + " " +
                      std::to_string(entry.off));
    at += FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + entry.namelen);
  }
  return entries;
}

TEST(DirectoryBuffers, HoldEntriesAsTheKernelReadsThem) {
  DirectoryBuffer buffer(nullptr, 4096);

  EXPECT_TRUE(buffer.add(".", status_of(7, S_IFDIR), 1));
  EXPECT_TRUE(buffer.add("a long name", status_of(8, S_IFREG), 2));

  EXPECT_THAT(entries_in(buffer), ElementsAre(". 7 4 1", "a long name 8 8 2"));
}

TEST(DirectoryBuffers, TakeNothingThatDoesNotFit) {
  DirectoryBuffer buffer(nullptr, 2 * FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + 8));

  EXPECT_TRUE(buffer.add("12345678", status_of(7, S_IFREG), 1));
  EXPECT_FALSE(buffer.fits("123456789"));
  EXPECT_FALSE(buffer.add("123456789", status_of(8, S_IFREG), 2));
  EXPECT_TRUE(buffer.add("12345678", status_of(9, S_IFREG), 2));
  EXPECT_FALSE(buffer.add("1", status_of(9, S_IFREG), 3));

  EXPECT_THAT(entries_in(buffer), ElementsAre("12345678 7 8 1", "12345678 9 8 2"));
}

TEST(DirectoryBuffers, HoldWhatALookupWouldAnswer) {
  DirectoryBuffer buffer(nullptr, 4096, DirectoryBuffer::Form::plus);
  fuse_entry_param entry{};
  entry.ino = 42;
  entry.attr = status_of(1234, S_IFREG | 0644);
  entry.attr.st_size = 5;
  entry.entry_timeout = 1.5;

  ASSERT_TRUE(buffer.fits("file"));
  buffer.add("file", entry, 3);

  ASSERT_EQ(buffer.size(), FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + 4));
  const auto plus = header_at<fuse_direntplus>(buffer.data());
  EXPECT_EQ(plus.entry_out.nodeid, 42U);
  EXPECT_EQ(plus.entry_out.attr.ino, 1234U);
  EXPECT_EQ(plus.entry_out.attr.size, 5U);
  EXPECT_EQ(plus.entry_out.entry_valid, 1U);
  EXPECT_EQ(plus.entry_out.entry_valid_nsec, 500'000'000U);
  EXPECT_EQ(plus.dirent.ino, 1234U);
  EXPECT_EQ(plus.dirent.off, 3U);
}

TEST(DirectoryBuffers, DoNotLetTheKernelCountTheDots) {
  DirectoryBuffer buffer(nullptr, 4096, DirectoryBuffer::Form::plus);

  EXPECT_TRUE(buffer.add("..", status_of(7, S_IFDIR), 2));

  const auto plus = header_at<fuse_direntplus>(buffer.data());
  EXPECT_EQ(plus.entry_out.nodeid, 0U);
  EXPECT_EQ(plus.dirent.ino, 7U);
}

TEST(DirectoryBuffers, MeasureThePlusFormByItsOwnSize) {
  const DirectoryBuffer exact(nullptr, FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + 4),
                              DirectoryBuffer::Form::plus);

  EXPECT_TRUE(exact.fits("file"));
  EXPECT_FALSE(exact.fits("file-longer"));
}

}  // namespace
}  // namespace blobmount
