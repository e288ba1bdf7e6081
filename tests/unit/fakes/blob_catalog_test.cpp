#include "fakes/blob_catalog.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

/// All pages of a list; prefixes and blobs in one.
std::vector<std::string> names_of(const BlobCatalog& catalog, CatalogQuery query) {
  std::vector<std::string> names;
  do {
    const auto page = catalog.list("box", query);
    for (const auto& item : page->items) names.push_back(item.name);
    query.from = page->next;
  } while (!query.from.empty());
  return names;
}

TEST(BlobCatalog, ListsInTheOrderOfNamesWithPrefixesAmongThem) {
  BlobCatalog catalog;
  for (const std::string name : {"a/2", "a.txt", "a-b", "a", "b/", "a/1"}) catalog.put("box", name, "");

  EXPECT_EQ(names_of(catalog, {.delimiter = "/"}),
            (std::vector<std::string>{"a", "a-b", "a.txt", "a/", "b/"}));
  EXPECT_EQ(names_of(catalog, {.prefix = "a/", .delimiter = "/"}), (std::vector<std::string>{"a/1", "a/2"}));
  EXPECT_EQ(names_of(catalog, {.prefix = "b/", .delimiter = "/"}), (std::vector<std::string>{"b/"}));
  EXPECT_EQ(names_of(catalog, {}).size(), 6u);
}

TEST(BlobCatalog, PagesGoOnWhereTheLastOneEnded) {
  BlobCatalog catalog;
  catalog.put_folder("box", {.prefix = "d/", .folders = 3, .blobs = 4});
  catalog.put("box", "d/folder-00001.txt", "");
  const auto all = names_of(catalog, {.prefix = "d/", .delimiter = "/"});
  EXPECT_EQ(all, (std::vector<std::string>{"d/folder-00000/", "d/folder-00001.txt", "d/folder-00001/",
                                           "d/folder-00002/"}));

  for (std::size_t most = 1; most <= 5; ++most) {
    EXPECT_EQ(names_of(catalog, {.prefix = "d/", .delimiter = "/", .most = most}), all) << most;
    EXPECT_EQ(names_of(catalog, {.most = most}).size(), 13u) << most;
  }
}

TEST(BlobCatalog, ManyFoldersAreListedAsOneInOrder) {
  BlobCatalog catalog;
  std::vector<std::string> expected;
  for (int i = 99; i >= 0; --i) {
    const SyntheticFolder folder{.prefix = "d" + std::to_string(i) + "/", .blobs = 100};
    catalog.put_folder("box", folder);
    for (std::uint64_t blob = 0; blob < folder.count(); ++blob) expected.push_back(folder.name(blob));
  }
  std::sort(expected.begin(), expected.end());

  EXPECT_EQ(names_of(catalog, {}), expected);
  EXPECT_EQ(names_of(catalog, {.most = 777}), expected);
  EXPECT_EQ(names_of(catalog, {.delimiter = "/"}).size(), 100u);
}

TEST(BlobCatalog, ABlobHidesTheOneOfAFolder) {
  BlobCatalog catalog;
  catalog.put_folder("box", {.prefix = "d/", .blobs = 10, .blob_size = 5});
  catalog.put("box", "d/file-00000003", "other bytes");

  EXPECT_EQ(names_of(catalog, {}).size(), 10u);
  EXPECT_EQ(catalog.find("box", "d/file-00000003")->size, 11u);
  EXPECT_EQ(catalog.find("box", "d/file-00000004")->size, 5u);
  EXPECT_FALSE(catalog.find("box", "d/file-00000010"));
}

TEST(BlobCatalog, EachWriteIsAnotherVersion) {
  BlobCatalog catalog;
  const auto first = catalog.put("box", "a", "1"), second = catalog.put("box", "a", "1");
  EXPECT_NE(first, second);
  EXPECT_EQ(catalog.find("box", "a")->etag, second);
}

TEST(BlobCatalog, AMillionEntriesAreListedPageByPage) {
  BlobCatalog catalog;
  catalog.put_folder("box", {.prefix = "d/", .blobs = 1'000'000, .blob_size = 1});

  const auto page = catalog.list("box", {.prefix = "d/", .delimiter = "/", .from = "d/file-00900000"});

  ASSERT_EQ(page->items.size(), 5000u);
  EXPECT_EQ(page->items.front().name, "d/file-00900000");
  EXPECT_EQ(page->next, "d/file-00905000");
}

}  // namespace
}  // namespace blobmount::tests
