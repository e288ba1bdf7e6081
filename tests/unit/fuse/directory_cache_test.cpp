#include "fuse/directory_cache.hpp"

#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

constexpr InodeId directory = 7;
constexpr ListingId old_listing = 1, new_listing = 2;

class DirectoryCacheTest : public testing::Test {
 protected:
  fuse_file_info open(ListingId listing, InodeId inode = directory) {
    fuse_file_info info{};
    cache.open(inode, listing, info);
    return info;
  }
  fuse_file_info open_and_read(ListingId listing, InodeId inode = directory) {
    const auto info = open(listing, inode);
    if (info.cache_readdir != 0) cache.read(inode);
    return info;
  }

  DirectoryCache cache;
};

bool fills(const fuse_file_info& info) { return info.cache_readdir != 0 && info.keep_cache == 0; }
bool uses_what_is_there(const fuse_file_info& info) {
  return info.cache_readdir != 0 && info.keep_cache != 0;
}
bool goes_past(const fuse_file_info& info) { return info.cache_readdir == 0 && info.keep_cache != 0; }

TEST_F(DirectoryCacheTest, TheFirstFillsWhatOthersUse) {
  EXPECT_TRUE(fills(open_and_read(old_listing)));
  EXPECT_TRUE(uses_what_is_there(open(old_listing)));
  EXPECT_TRUE(uses_what_is_there(open(old_listing)));
}

TEST_F(DirectoryCacheTest, ItIsUsedAfterItsUsersHaveGone) {
  open_and_read(old_listing);
  cache.release(directory);

  EXPECT_TRUE(uses_what_is_there(open(old_listing)));
}

TEST_F(DirectoryCacheTest, AnotherListingEmptiesItFirst) {
  open_and_read(old_listing);
  cache.release(directory);

  EXPECT_TRUE(fills(open_and_read(new_listing)));
  EXPECT_TRUE(uses_what_is_there(open(new_listing)));
}

TEST_F(DirectoryCacheTest, WhileOthersUseItAnotherListingGoesPast) {
  open_and_read(old_listing);

  EXPECT_TRUE(goes_past(open_and_read(new_listing)));
  EXPECT_TRUE(uses_what_is_there(open(old_listing)));
  cache.release(directory);
  EXPECT_TRUE(goes_past(open(new_listing))) << "one still uses it";

  cache.release(directory);
  EXPECT_TRUE(fills(open(new_listing)));
}

TEST_F(DirectoryCacheTest, UntilTheKernelHasEmptiedItNobodyUsesIt) {
  open_and_read(old_listing);
  cache.release(directory);

  EXPECT_TRUE(fills(open(new_listing)));
  EXPECT_TRUE(fills(open(new_listing))) << "the first may not have got its answer yet";
  cache.read(directory);
  EXPECT_TRUE(uses_what_is_there(open(new_listing)));
}

TEST_F(DirectoryCacheTest, NamesWithoutAttributesAreAskedForAgain) {
  open_and_read(old_listing);
  cache.read_names(directory);
  EXPECT_TRUE(fills(open(old_listing)));
  cache.release(directory);
  cache.release(directory);

  EXPECT_TRUE(fills(open_and_read(old_listing)));
  EXPECT_TRUE(uses_what_is_there(open(old_listing))) << "with attributes, this time";
}

TEST_F(DirectoryCacheTest, EachDirectoryHasItsOwn) {
  open_and_read(old_listing);

  EXPECT_TRUE(fills(open(new_listing, directory + 1)));
}

TEST_F(DirectoryCacheTest, OfVeryManyThoseInUseAreKnownFor) {
  open_and_read(old_listing);
  for (InodeId inode = 100; inode < 20'000; ++inode) {
    open_and_read(old_listing, inode);
    cache.release(inode);
  }

  EXPECT_TRUE(goes_past(open(new_listing)));
  EXPECT_TRUE(uses_what_is_there(open(old_listing)));
}

}  // namespace
}  // namespace blobmount::tests
