#include "tree/names.hpp"

#include <string>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::string_literals;

TEST(FileNames, AreWhatAPathCanHave) {
  for (const auto& name : {"a"s, "..."s, ".hidden"s, "dot."s, " "s, "a b"s, "%2F"s, "a+b"s, "#"s, "?"s, "&"s,
                           "'"s, "\""s, "\\"s, "\xC3\xA9"s, "\n"s, "\xFF"s, std::string(255, 'x')}) {
    EXPECT_TRUE(is_file_name(name)) << name;
  }
}

TEST(FileNames, AreNothingElse) {
  for (const auto& name : {""s, "."s, ".."s, "a/b"s, "/"s, "a/"s, "a\0b"s, std::string(256, 'x')}) {
    EXPECT_FALSE(is_file_name(name)) << name;
  }
}

TEST(FileNames, AreMeasuredInBytesNotInCharacters) {
  std::string name;
  for (int i = 0; i < 127; ++i) name += "\xC3\xA9";

  EXPECT_TRUE(is_file_name(name + "x"));
  EXPECT_FALSE(is_file_name(name + "\xC3\xA9"));
}

TEST(Locations, OfAnAccountHaveContainersBelow) {
  const Location account;

  const auto container = account.child_directory("docs");

  EXPECT_TRUE(account.is_account());
  EXPECT_FALSE(container.is_account());
  EXPECT_EQ(container.container, "docs");
  EXPECT_EQ(container.path, "");
}

TEST(Locations, OfDirectoriesArePrefixesAndOfFilesNames) {
  const Location container{"docs", ""};

  const auto directory = container.child_directory("a").child_directory("b");
  const auto file = directory.child_file("c.txt");

  EXPECT_EQ(directory.path, "a/b/");
  EXPECT_EQ(directory.to_string(), "docs/a/b/");
  EXPECT_EQ(file.path, "a/b/c.txt");
  EXPECT_EQ(file.to_string(), "docs/a/b/c.txt");
}

TEST(Locations, HaveANumberForEachNameThatNeverChanges) {
  EXPECT_EQ(number_of({"docs", "a/"}, "b"), 4240665735140601983U);  // FNV-1a of "docs/a/b"
  EXPECT_NE(number_of({"docs", "a/"}, "b"), number_of({"docs", "a/"}, "c"));
  EXPECT_NE(number_of({"docs", ""}, "b"), number_of({"photos", ""}, "b"));
  EXPECT_NE(number_of({}, "docs"), number_of({"docs", ""}, "docs"));
}

}  // namespace
}  // namespace blobmount
