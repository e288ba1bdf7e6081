#include "tree/directory_snapshot.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr WallTime morning{std::chrono::hours{480'000}};
constexpr WallTime evening = morning + std::chrono::hours{12};

ListedBlob blob(const std::string& name, WallTime modified = morning) {
  return {.name = name, .properties = {.etag = "\"1\"", .size = 5, .last_modified = modified}};
}

ListedBlob marker(const std::string& name, WallTime modified = morning) {
  auto listed = blob(name, modified);
  listed.properties.is_directory_marker = true;
  return listed;
}

BlobPage page_of(std::vector<ListedBlob> blobs, std::vector<std::string> prefixes = {}) {
  return {.blobs = std::move(blobs), .prefixes = std::move(prefixes)};
}

DirectorySnapshot snapshot_of(const std::vector<BlobPage>& pages, const std::string& prefix = "") {
  SnapshotBuilder builder(prefix);
  for (const auto& page : pages) builder.add(page);
  return std::move(builder).finish(SteadyTime{}, SteadyTime{});
}

/// As `ls -F` shows them.
std::vector<std::string> shown(const DirectorySnapshot& snapshot) {
  std::vector<std::string> names;
  for (const auto& entry : snapshot.entries())
    names.push_back(entry.name + (entry.kind == FileKind::directory ? "/" : ""));
  return names;
}

TEST(Snapshots, ShowBlobsAsFilesAndPrefixesAsDirectories) {
  const auto snapshot = snapshot_of({page_of({blob("a/text")}, {"a/more/"})}, "a/");

  EXPECT_THAT(shown(snapshot), ElementsAre("more/", "text"));
  const auto* const file = snapshot.find("text");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(*file, (KnownEntry{"text", FileKind::file, 5, morning, "\"1\""}));
  const auto* const directory = snapshot.find("more");
  ASSERT_NE(directory, nullptr);
  EXPECT_EQ(*directory, (KnownEntry{"more", FileKind::directory, 0, std::nullopt, ""}));
}

TEST(Snapshots, FindNamesExactly) {
  const auto snapshot = snapshot_of({page_of({blob("A-1"), blob("A.txt"), blob("a")}, {"A/"})});

  for (const auto* name : {"A", "A-1", "A.txt", "a"}) {
    const auto* const entry = snapshot.find(name);
    ASSERT_NE(entry, nullptr) << name;
    EXPECT_EQ(entry->name, name);
  }
  for (const auto* name : {"", "A/", "A-", "A.tx", "A.txt2", "b", "!"})
    EXPECT_EQ(snapshot.find(name), nullptr);
}

TEST(Snapshots, RememberWhenTheyWereAskedForAndWhenTold) {
  const auto snapshot =
      SnapshotBuilder("").finish(SteadyTime{std::chrono::seconds{1}}, SteadyTime{std::chrono::seconds{60}});

  EXPECT_EQ(snapshot.asked(), SteadyTime{std::chrono::seconds{1}});
  EXPECT_EQ(snapshot.told(), SteadyTime{std::chrono::seconds{60}});
  EXPECT_THAT(snapshot.entries(), IsEmpty());
}

TEST(Snapshots, LeaveOutWhatNoPathCanHaveAndCountIt) {
  const std::string too_long(256, 'x');

  const auto snapshot =
      snapshot_of({page_of({blob("d/good"), blob("d/.."), blob("d/" + too_long)}, {"d//", "d/./"})}, "d/");

  EXPECT_THAT(shown(snapshot), ElementsAre("good"));
  EXPECT_EQ(snapshot.left_out(), 4U);
  EXPECT_EQ(snapshot.left_out_example(), "d//");
}

TEST(Snapshots, LeaveNothingOutWhereAllCanBeShown) {
  const auto snapshot = snapshot_of({page_of({blob("d/"), blob("d/a")}, {"d/b/"})}, "d/");

  EXPECT_EQ(snapshot.left_out(), 0U);
  EXPECT_EQ(snapshot.left_out_example(), "");
}

TEST(Snapshots, LetADirectoryWinOverABlobOfTheSameName) {
  const std::vector<BlobPage> together{page_of({blob("A")}, {"A/"})};
  const std::vector<BlobPage> blob_first{page_of({blob("A")}), page_of({}, {"A/"})};
  const std::vector<BlobPage> blob_last{page_of({}, {"A/"}), page_of({blob("A")})};

  for (const auto& pages : {together, blob_first, blob_last}) {
    EXPECT_THAT(shown(snapshot_of(pages)), ElementsAre("A/"));
  }
}

TEST(Snapshots, ShowAMarkerAndItsPrefixAsOneDirectoryWhicheverPageComesFirst) {
  const std::vector<BlobPage> marker_first{page_of({marker("A", evening)}), page_of({}, {"A/"})};
  const std::vector<BlobPage> prefix_first{page_of({}, {"A/"}), page_of({marker("A", evening)})};

  for (const auto& pages : {marker_first, prefix_first}) {
    const auto snapshot = snapshot_of(pages);
    ASSERT_THAT(shown(snapshot), ElementsAre("A/"));
    EXPECT_EQ(snapshot.entries().front().modified, evening);
  }
}

TEST(Snapshots, ShowAMarkerAloneAsADirectory) {
  EXPECT_THAT(shown(snapshot_of({page_of({marker("A")})})), ElementsAre("A/"));
}

TEST(Snapshots, DoNotShowADirectoryInItself) {
  const auto snapshot = snapshot_of({page_of({blob("A/"), blob("A/text")})}, "A/");

  EXPECT_THAT(shown(snapshot), ElementsAre("text"));
  EXPECT_EQ(snapshot.left_out(), 0U);
}

TEST(Snapshots, KeepApartWhatSortsAroundTheSlash) {
  // the service's order: '-' and '.' come before '/'
  const std::vector<BlobPage> pages{page_of({blob("A")}), page_of({blob("A-1")}), page_of({blob("A.txt")}),
                                    page_of({}, {"A/"}), page_of({blob("A0")})};

  EXPECT_THAT(shown(snapshot_of(pages)), ElementsAre("A/", "A-1", "A.txt", "A0"));
}

TEST(Snapshots, AreTheSameInWhateverOrderThePagesCome) {
  std::vector<BlobPage> pages{page_of({marker("A")}), page_of({blob("A-1")}), page_of({}, {"A/"}),
                              page_of({blob("B")}, {"B/"})};
  const auto expected = snapshot_of(pages).entries();

  std::vector<std::size_t> order{0, 1, 2, 3};
  do {
    std::vector<BlobPage> shuffled;
    for (const auto index : order) shuffled.push_back(pages[index]);
    EXPECT_EQ(snapshot_of(shuffled).entries(), expected);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Snapshots, ShowContainersAsDirectoriesWithTheirTimes) {
  SnapshotBuilder builder("");
  builder.add(ContainerPage{.containers = {{"photos", evening}, {"$logs", morning}}});

  const auto snapshot = std::move(builder).finish(SteadyTime{}, SteadyTime{});

  ASSERT_THAT(shown(snapshot), ElementsAre("$logs/", "photos/"));
  EXPECT_EQ(snapshot.find("photos")->modified, evening);
}

}  // namespace
}  // namespace blobmount
