/// Names: shown as they are where a path can have them, left out where it cannot.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>

#include <gtest/gtest.h>

#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using Names = std::set<std::string>;

const std::string long_component(255, 'l');
/// 1,024 characters, of components that a path can have.
const std::string longest_name = [] {
  const auto full = std::string(255, 'd') + "/";
  return full + full + full + "e/" + std::string(250, 'd') + "last";
}();

/// Each is a blob in "odd" that holds its own name.
const std::vector<std::string> odd_names{"two words",
                                         " leading",
                                         "trailing ",
                                         "100%",
                                         "%41",
                                         "%2F",
                                         "a+b",
                                         "a%20b",
                                         "#hash",
                                         "?query",
                                         "a?b=c&d",
                                         "that's",
                                         "say \"hello\"",
                                         "<tag>",
                                         "&amp;",
                                         "]]>",
                                         "a&b",
                                         "semi;colon",
                                         "co:lon",
                                         "at@",
                                         "tilde~",
                                         "~",
                                         "$dollar",
                                         "star*",
                                         "pipe|",
                                         "caret^",
                                         "back`tick",
                                         "[brackets]",
                                         "{braces}",
                                         "(paren)",
                                         "a=b",
                                         "a,b",
                                         "!",
                                         "-dash",
                                         ".hidden",
                                         "trailing.",
                                         "trailing..",
                                         "...",
                                         "Grüße",
                                         "e\u0301",
                                         "\u00e9",
                                         "世界",
                                         "🚀",
                                         "مرحبا",
                                         "\u200b",
                                         "UPPER",
                                         "upper",
                                         "con",
                                         "nul.txt",
                                         "hdi_isfolder",
                                         "new\nline",
                                         "tab\there",
                                         long_component,
                                         "ü" + std::string(253, 'x')};

AzuriteAccount& account() {
  static AzuriteAccount running;
  static const bool filled = [] {
    auto& author = running.author;
    for (const auto* const container : {"odd", "tree", "empty"}) author.create_container(container);
    for (const auto& name : odd_names) author.put("odd", name, name);
    author.put("tree", longest_name, "long");
    author.put("tree", "a/b/c/d.txt", "deep");
    author.put("tree", "dir+1/100%/e f.txt", "odd");
    author.put("tree", "both", "the blob");
    author.put("tree", "both/below", "below");
    author.put("tree", "marked", "", {{"hdi_isfolder", "true"}});
    author.put("tree", "marked-and-full", "", {{"hdi_isfolder", "true"}});
    author.put("tree", "marked-and-full/file", "full");
    author.put("tree", "slash/", "");
    return true;
  }();
  (void)filled;
  return running;
}

TEST(Names, AreShownExactlyAndOpenWhatTheySay) {
  const Mounted mounted(account().mount("odd"));

  EXPECT_EQ(names_in(mounted.path()), Names(odd_names.begin(), odd_names.end()));
  for (const auto& name : odd_names) EXPECT_EQ(content_of(mounted / name), name);
}

TEST(Names, ThatNoListingHasShownAreFound) {
  const Mounted mounted(account().mount());

  for (const auto& name : odd_names) {
    EXPECT_EQ(content_of(mounted / "odd" / name), name);
    EXPECT_EQ(stat_error(mounted / "odd" / (name.substr(0, 200) + " not")), ENOENT) << name;
  }
}

TEST(Names, OfAThousandCharactersAreReachedStepByStep) {
  ASSERT_EQ(longest_name.size(), 1024U);
  const Mounted unlisted(account().mount("tree")), listed(account().mount("tree"));

  EXPECT_EQ(content_of(unlisted / longest_name), "long");
  const auto found = run({.arguments = {"find", ".", "-name", "*last"}, .directory = listed.path()});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->output, "./" + longest_name + "\n");
}

TEST(Names, LongerThanAPathCanHaveAreToldSo) {
  const Mounted mounted(account().mount("odd"));

  EXPECT_EQ(stat_error(mounted / long_component), 0);
  EXPECT_EQ(stat_error(mounted / (long_component + "x")), ENAMETOOLONG);
}

TEST(Names, MakeTrees) {
  const Mounted mounted(account().mount());

  EXPECT_EQ(content_of(mounted / "tree/a/b/c/d.txt"), "deep");
  EXPECT_EQ(names_in(mounted / "tree/a/b"), Names{"c"});
  EXPECT_EQ(names_in(mounted / "tree/dir+1"), Names{"100%"});
  EXPECT_EQ(content_of(mounted / "tree/dir+1/100%/e f.txt"), "odd");
  EXPECT_EQ(stat_error(mounted / "tree/a/b/c/d.txt/e"), ENOTDIR);
  EXPECT_EQ(stat_error(mounted / "tree/a/x/c"), ENOENT);
}

TEST(Names, OfADirectoryAndABlobMeanTheDirectory) {
  const Mounted unlisted(account().mount("tree")), listed(account().mount("tree"));
  ASSERT_EQ(names_in(listed.path()).count("both"), 1U);

  for (const auto* const mounted : {&unlisted, &listed}) {
    EXPECT_EQ(content_of(*mounted / "both/below"), "below");
    EXPECT_TRUE(std::filesystem::is_directory(*mounted / "both"));
    EXPECT_EQ(FileHandle(*mounted / "both", O_WRONLY).error(), EISDIR);
  }
}

TEST(Names, OfMarkersAreDirectories) {
  const Mounted unlisted(account().mount("tree")), listed(account().mount("tree"));
  const auto names = names_in(listed.path());

  for (const auto* const name : {"marked", "marked-and-full", "slash"}) {
    EXPECT_EQ(names.count(name), 1U) << name;
    for (const auto* const mounted : {&unlisted, &listed}) {
      EXPECT_TRUE(std::filesystem::is_directory(*mounted / name)) << name;
    }
  }
  EXPECT_EQ(names_in(listed / "marked"), Names{});
  EXPECT_EQ(names_in(listed / "marked-and-full"), Names{"file"});
  EXPECT_EQ(names_in(listed / "slash"), Names{}) << "a marker is not a file of itself";
}

TEST(Names, OfContainersAreTheAccountsDirectories) {
  const Mounted mounted(account().mount());

  EXPECT_EQ(names_in(mounted.path()), (Names{"odd", "tree", "empty"}));
  EXPECT_EQ(names_in(mounted / "empty"), Names{});
  for (const auto* const name : {"absent", "Not A Container", "x", "$root", "UPPER", ".git"}) {
    EXPECT_EQ(stat_error(mounted / name), ENOENT) << name;
  }
}

TEST(Mount, OfAPrefixHasItAsItsRoot) {
  const Mounted mounted(account().mount("tree/a/b"));
  EXPECT_EQ(names_in(mounted.path()), Names{"c"});
  EXPECT_EQ(content_of(mounted / "c/d.txt"), "deep");

  const Mounted slashed(account().mount("tree/a/"));
  EXPECT_EQ(content_of(slashed / "b/c/d.txt"), "deep");

  const Mounted odd(account().mount("tree/dir+1/100%"));
  EXPECT_EQ(content_of(odd / "e f.txt"), "odd");

  const Mounted empty(account().mount("tree/no-such-prefix"));
  EXPECT_EQ(names_in(empty.path()), Names{}) << "a prefix needs no blob, as a container needs none";
}

TEST(Mount, IsNamedAfterItsSource) {
  const Mounted mounted(account().mount("tree/a"));
  const auto told = run({.arguments = {"findmnt", "-n", "-o", "SOURCE,FSTYPE", "--target", mounted.path()}});
  ASSERT_TRUE(told);
  EXPECT_EQ(told->output, "devstoreaccount1/tree/a fuse.blobmount\n");
}

/// Azurite takes none of these: the service of our own does, as Azure does.
TEST(NamesThatNoPathHas, AreLeftOutCountedAndToldOnce) {
  ServedAccount served;
  auto& blobs = served.service.blobs();
  for (const std::string name : {"good", "dir/good", "/absolute", "dir//twice", "dir/./dot", "dir/../dots"}) {
    blobs.put("test", name, "text");
  }
  for (const char letter : {'x', 'y'}) blobs.put("test", "dir/" + std::string(256, letter), "text");
  const Mounted mounted(served.mount("test").with("--attr-ttl", "0"));

  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(names_in(mounted.path()), (Names{"good", "dir"}));
    EXPECT_EQ(names_in(mounted / "dir"), Names{"good"});
  }

  // an empty part, two of dots, two long
  EXPECT_TRUE(eventually(20s, [&] { return mounted.times_logged("directory=test/dir/ count=5") == 1; }))
      << mounted.log();
  EXPECT_EQ(mounted.times_logged("names that no path can have are left out"), 2) << mounted.log();
}

TEST(NamesThatNoPathHas, ABackslashIsShownAsTheListingShowsIt) {
  ServedAccount served;
  served.service.blobs().put("test", "back\\slash", "text");
  const Mounted mounted(served.mount("test"));

  EXPECT_EQ(names_in(mounted.path()), Names{"back\\slash"});
}

TEST(Markers, AreDirectoriesWhereverTheirPageFalls) {
  ServedAccount served;
  auto& blobs = served.service.blobs();
  // "a" and "a/" stand 5,001 names apart: on different pages
  blobs.put("test", "a", "", {{"hdi_isfolder", "true"}});
  blobs.put_folder("test", {.prefix = "a-", .blobs = 5000, .blob_size = 1});
  blobs.put("test", "a/file", "text");
  const Mounted mounted(served.mount("test"));

  const auto names = names_in(mounted.path());

  EXPECT_EQ(names.size(), 5001U);
  EXPECT_TRUE(std::filesystem::is_directory(mounted / "a"));
  EXPECT_EQ(content_of(mounted / "a/file"), "text");
}

}  // namespace
}  // namespace blobmount::tests
