#include "tree/entry_page.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace blobmount {
namespace {

constexpr WallTime morning{std::chrono::hours{480'000}};

BlobProperties properties(std::uint64_t size = 5) {
  return {.etag = "\"0x8DD00000000001\"",
          .size = size,
          .last_modified = morning,
          .details = {.type = "BlockBlob",
                      .access_tier = "Hot",
                      .content_type = "application/octet-stream",
                      .content_md5 = "rL0Y20zC+Fzt72VPzMSk2A=="}};
}

/// What the service compares.
std::string as_listed(const ListedName& name) { return std::string(name.name) + (name.is_prefix ? "/" : ""); }

TEST(ListedNames, AreOrderedAsTheServiceComparesThemBytewise) {
  const std::vector<ListedName> names{{"a", false},    {"a", true},   {"a-", false},    {"a-", true},
                                      {"a.b", false},  {"a0", false}, {"a0", true},     {"A", true},
                                      {"b", false},    {"ab", false}, {"a\x01", false}, {"\xC3\xA9", true},
                                      {"\xC3", false}, {"a.", true},  {"a-b", false}};

  for (const auto& one : names) {
    for (const auto& other : names) {
      const auto expected = as_listed(one).compare(as_listed(other));
      const auto actual = compare(one, other);
      EXPECT_EQ(expected < 0, actual < 0) << as_listed(one) << " " << as_listed(other);
      EXPECT_EQ(expected == 0, actual == 0) << as_listed(one) << " " << as_listed(other);
    }
  }
}

TEST(EntryPages, GiveBackWhatWasPutIn) {
  EntryPage page(4);
  page.add_blob("file", properties());
  auto marker = properties(0);
  marker.is_directory_marker = true;
  page.add_blob("marker", marker);
  page.add_prefix("prefix");
  page.add_container({"photos", morning});
  page.close();

  ASSERT_EQ(page.size(), 4U);
  EXPECT_EQ(page.entry(0), (KnownEntry{"file", FileKind::file, 5, morning, properties().etag}));
  EXPECT_EQ(page.etag(0), properties().etag);
  EXPECT_EQ(page.details(0), properties().details);
  EXPECT_EQ(page.entry(1), directory_entry("marker", morning));
  EXPECT_EQ(page.entry(2), directory_entry("prefix"));
  EXPECT_EQ(page.entry(3), directory_entry("photos", morning));
  for (const std::size_t directory : {1U, 2U, 3U}) {
    EXPECT_EQ(page.kind(directory), FileKind::directory);
    EXPECT_EQ(page.etag(directory), "");
    EXPECT_EQ(page.details(directory), BlobDetails{});
    EXPECT_EQ(page.listed_name(directory).is_prefix, directory == 2);
  }
}

TEST(EntryPages, HoldTheLongestNamesAndSizes) {
  const std::string longest(255, 'x');
  EntryPage page(2);
  page.add_blob(longest, properties(~0ULL));
  page.add_blob("y", properties());
  page.close();

  EXPECT_EQ(page.entry(0).name, longest);
  EXPECT_EQ(page.entry(0).size, ~0ULL);
  EXPECT_EQ(page.entry(0).etag, properties().etag);
  EXPECT_EQ(page.entry(1).name, "y");
}

TEST(EntryPages, FindNamesInTheirOrder) {
  EntryPage page(4);
  page.add_blob("a", properties());
  page.add_blob("a-1", properties());
  page.add_prefix("a");
  page.add_blob("b", properties());
  page.close();

  EXPECT_EQ(page.lower_bound({"", false}), 0U);
  EXPECT_EQ(page.lower_bound({"a", false}), 0U);
  EXPECT_EQ(page.lower_bound({"a-0", false}), 1U);
  EXPECT_EQ(page.lower_bound({"a-1", false}), 1U);
  EXPECT_EQ(page.lower_bound({"a", true}), 2U);
  EXPECT_EQ(page.lower_bound({"aa", false}), 3U);
  EXPECT_EQ(page.lower_bound({"b", true}), 4U);
}

TEST(EntryPages, KeepETagsAndChecksumsOfAnyLength) {
  const std::vector<std::size_t> lengths{0, 1, 254, 255, 256, 1000, 70'000};
  EntryPage page(lengths.size());
  for (const auto length : lengths) {
    auto unusual = properties();
    unusual.etag = std::string(length, 'e');
    unusual.details.content_md5 = std::string(length, 'm');
    page.add_blob(std::to_string(length), unusual);
  }
  page.close();

  for (std::size_t i = 0; i < lengths.size(); ++i) {
    EXPECT_EQ(page.etag(i), std::string(lengths[i], 'e'));
    EXPECT_EQ(page.entry(i).etag, std::string(lengths[i], 'e'));
    EXPECT_EQ(page.details(i).content_md5, std::string(lengths[i], 'm'));
    EXPECT_EQ(page.details(i).content_type, properties().details.content_type);
  }
}

TEST(EntryPages, KeepALongETagBesideAChecksumThatIsNot) {
  auto unusual = properties();
  unusual.etag = std::string(256, 'e');
  EntryPage page(1);
  page.add_blob("a", unusual);
  page.close();

  EXPECT_EQ(page.etag(0), unusual.etag);
  EXPECT_EQ(page.details(0), unusual.details);
}

TEST(EntryPages, KeepAnyNumberOfContentTypes) {
  constexpr int many = 1000;
  const auto with_type = [](int i) {
    auto unusual = properties();
    unusual.details.content_type = "application/x-" + std::to_string(i);
    unusual.details.access_tier = i % 2 == 0 ? "Cool" : "Archive";
    return unusual;
  };
  EntryPage page(2 * many);
  for (int i = 0; i < 2 * many; ++i) page.add_blob(std::to_string(i), with_type(i % many));
  page.close();

  for (int i = 0; i < 2 * many; ++i) {
    const auto index = static_cast<std::size_t>(i);
    ASSERT_EQ(page.details(index), with_type(i % many).details) << i;
    ASSERT_EQ(page.entry(index).archived, i % 2 == 1) << i;
    ASSERT_EQ(page.etag(index), properties().etag) << i;
  }
}

TEST(EntryPages, KeepMetadataAndVersionsOfThoseThatHaveThem) {
  auto plain = properties();
  auto with_metadata = properties();
  with_metadata.details.metadata = {{"owner", "me"}, {"empty", ""}};
  auto versioned = properties();
  versioned.details.version_id = "2026-01-01T00:00:00.0000000Z";
  EntryPage page(3);
  page.add_blob("a", plain);
  page.add_blob("b", with_metadata);
  page.add_blob("c", versioned);
  page.close();

  EXPECT_EQ(page.details(0), plain.details);
  EXPECT_EQ(page.details(1), with_metadata.details);
  EXPECT_EQ(page.details(2), versioned.details);
  EXPECT_EQ(page.etag(1), plain.etag);
}

TEST(EntryPages, KnowWhatIsArchived) {
  auto archived = properties();
  archived.details.access_tier = "Archive";
  auto archived_with_metadata = archived;
  archived_with_metadata.details.metadata = {{"owner", "me"}};
  EntryPage page(3);
  page.add_blob("a", properties());
  page.add_blob("b", archived);
  page.add_blob("c", archived_with_metadata);
  page.close();

  EXPECT_FALSE(page.entry(0).archived);
  EXPECT_TRUE(page.entry(1).archived);
  EXPECT_TRUE(page.entry(2).archived);
}

TEST(EntryPages, CanHideEntriesAndGiveThemAnotherTime) {
  EntryPage page(2);
  page.add_prefix("a");
  page.add_prefix("b");
  page.close();

  page.hide(0);
  page.set_modified(1, morning);

  EXPECT_TRUE(page.hidden(0));
  EXPECT_FALSE(page.hidden(1));
  EXPECT_EQ(page.entry(0).modified, std::nullopt);
  EXPECT_EQ(page.entry(1).modified, morning);
}

TEST(EntryPages, AreSmall) {
  constexpr int entries = 5000;
  std::size_t names = 0;
  EntryPage page(entries);
  for (int i = 0; i < entries; ++i) {
    auto blob = properties();
    blob.etag = "\"0x8DD" + std::to_string(100'000'000'000 + i) + "\"";
    blob.details.content_type = i % 2 == 0 ? "application/octet-stream" : "text/plain";
    const auto name = "part-" + std::to_string(100'000 + i) + ".snappy.parquet";
    names += name.size();
    page.add_blob(name, blob);
  }
  page.close();

  EXPECT_LE((page.footprint() - names) / entries, 120U);
  EXPECT_GE((page.footprint() - names) / entries, 40U);  // it is counted at all
}

TEST(EntryPages, CountWhatFewBlobsHave) {
  const auto footprint_with = [](const std::string& value) {
    auto blob = properties();
    blob.details.metadata = {{"note", value}};
    EntryPage page(1);
    page.add_blob("a", blob);
    page.close();
    return page.footprint();
  };

  EXPECT_GE(footprint_with(std::string(8000, 'x')), footprint_with("x") + 7000);
}

}  // namespace
}  // namespace blobmount
