#include "base/text.hpp"

#include <gtest/gtest.h>

namespace blobmount {
namespace {

TEST(Text, IsLoweredByAsciiAlone) {
  EXPECT_EQ(lower("Storage.AZURE.com"), "storage.azure.com");
  EXPECT_EQ(lower("GR\xc3\x9c\xc3\x9f"
                  "E"),
            "gr\xc3\x9c\xc3\x9f"
            "e")
      << "bytes of UTF-8 stay";
}

TEST(Text, IsTheSameButForCase) {
  EXPECT_TRUE(same_but_for_case("Bearer", "bearer"));
  EXPECT_TRUE(same_but_for_case("", ""));
  EXPECT_FALSE(same_but_for_case("bearer", "bearers"));
  EXPECT_FALSE(same_but_for_case("@", "`")) << "as far apart as letters are, and none";
}

TEST(Text, IsJoined) {
  EXPECT_EQ(joined({}, ", "), "");
  EXPECT_EQ(joined({"a"}, ", "), "a");
  EXPECT_EQ(joined({"a", "b", "c"}, ", "), "a, b, c");
}

TEST(Text, IsAsFarFromAnotherAsLettersHaveToChange) {
  EXPECT_EQ(edit_distance("cache", "cache"), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("cache-siz", "cache-size"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Text, LosesTheSlashesAtItsEnd) {
  EXPECT_EQ(without_slashes("https://storage.azure.com//"), "https://storage.azure.com");
  EXPECT_EQ(without_slashes("/a/b"), "/a/b");
  EXPECT_EQ(without_slashes("//"), "");
}

}  // namespace
}  // namespace blobmount
