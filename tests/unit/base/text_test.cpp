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

TEST(Text, LosesTheSlashesAtItsEnd) {
  EXPECT_EQ(without_slashes("https://storage.azure.com//"), "https://storage.azure.com");
  EXPECT_EQ(without_slashes("/a/b"), "/a/b");
  EXPECT_EQ(without_slashes("//"), "");
}

}  // namespace
}  // namespace blobmount
