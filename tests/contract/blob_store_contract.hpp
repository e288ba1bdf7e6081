#pragma once

/// What any BlobStore must do. Each program of this folder runs it on a store of its own:
/// INSTANTIATE_TEST_SUITE_P(Fake, BlobStoreContract, testing::Values(make_store)).

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/store_under_test.hpp"

namespace blobmount::tests {
// Containers

TEST_P(BlobStoreContract, ContainersAreListedInPagesThatJoin) {
  Names mine{container_, unique_name(), unique_name()};
  for (const auto& name : mine) under_test_->put_container(name);

  Names seen;
  ListContainersQuery query{.marker = {}, .max_results = 1};
  do {
    const auto page = store_.list_containers(query);
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_LE(page->containers.size(), 1U);
    for (const auto& container : page->containers) seen.push_back(container.name);
    query.marker = page->next_marker;
  } while (!query.marker.empty());

  EXPECT_THAT(seen, testing::IsSupersetOf(mine));
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST_P(BlobStoreContract, AContainerSaysTheSameOfItselfAsItsListing) {
  const auto container = store_.get_container(container_);
  const auto page = store_.list_containers({});

  ASSERT_TRUE(container) << container.error().message;
  ASSERT_TRUE(page) << page.error().message;
  const auto listed = std::find_if(page->containers.begin(), page->containers.end(),
                                   [&](const auto& entry) { return entry.name == container_; });
  ASSERT_NE(listed, page->containers.end());
  EXPECT_EQ(container->name, container_);
  EXPECT_EQ(container->last_modified, listed->last_modified);
}

TEST_P(BlobStoreContract, AnAbsentContainerIsNotFound) {
  for (const std::string absent : {"no-such-container", "No Such Container", "a", "", "..", "a/b", "$web"}) {
    SCOPED_TRACE(absent);
    EXPECT_EQ(code_of(store_.get_container(absent)), ErrorCode::not_found);
    EXPECT_EQ(code_of(store_.list_blobs({.container = absent, .prefix = {}, .delimiter = {}, .marker = {}})),
              ErrorCode::not_found);
    EXPECT_EQ(code_of(store_.get_properties(absent, "blob")), ErrorCode::not_found);
    EXPECT_EQ(code_of(store_.read({absent, "blob", "\"0x1\"", 4}, {0, 4})), ErrorCode::not_found);
  }
}

TEST_P(BlobStoreContract, ADeletedContainerIsNotFound) {
  put("blob");
  const auto version = version_of("blob");

  under_test_->delete_container(container_);

  EXPECT_EQ(code_of(store_.get_container(container_)), ErrorCode::not_found);
  EXPECT_EQ(
      code_of(store_.list_blobs({.container = container_, .prefix = {}, .delimiter = {}, .marker = {}})),
      ErrorCode::not_found);
  EXPECT_EQ(code_of(store_.read(version, {0, 4})), ErrorCode::not_found);
}

// Listings

TEST_P(BlobStoreContract, AnEmptyContainerHasAnEmptyListing) {
  const auto page = store_.list_blobs({.container = container_, .prefix = {}, .delimiter = {}, .marker = {}});

  ASSERT_TRUE(page) << page.error().message;
  EXPECT_TRUE(page->blobs.empty());
  EXPECT_TRUE(page->prefixes.empty());
  EXPECT_EQ(page->next_marker, "");
}

TEST_P(BlobStoreContract, AListingIsInTheOrderOfTheNamesBytes) {
  for (const auto* name : {"b", "A", "a/b", "a", "a-1", "a.txt", "a b", "aa", "0", "Z"}) put(name);

  EXPECT_THAT(names({}), testing::ElementsAre("0", "A", "Z", "a", "a b", "a-1", "a.txt", "a/b", "aa", "b"));
}

TEST_P(BlobStoreContract, PagesOfAnySizeJoinToTheSameListing) {
  for (const auto* name : {"a", "b/1", "b/2", "c", "d/1", "e", "f"}) put(name);

  for (const int size : {1, 2, 3, 5000}) {
    SCOPED_TRACE(size);
    ListBlobsQuery flat;
    flat.max_results = size;
    auto tree = flat;
    tree.delimiter = "/";
    EXPECT_THAT(names(flat), testing::ElementsAre("a", "b/1", "b/2", "c", "d/1", "e", "f"));
    EXPECT_THAT(names(tree), testing::ElementsAre("a", "c", "e", "f"));
    EXPECT_THAT(list_all(tree).prefixes, testing::ElementsAre("b/", "d/"));
  }
}

TEST_P(BlobStoreContract, APrefixNarrowsAListing) {
  for (const auto* name : {"dir", "dir/", "dir/a", "dir/sub/b", "dir/sub/c", "dir2/d", "di"}) put(name);

  ListBlobsQuery below;
  below.prefix = "dir/";
  EXPECT_THAT(names(below), testing::ElementsAre("dir/", "dir/a", "dir/sub/b", "dir/sub/c"));
  below.delimiter = "/";
  for (const int size : {1, 2, 5000}) {
    below.max_results = size;
    EXPECT_THAT(names(below), testing::ElementsAre("dir/", "dir/a"));
    EXPECT_THAT(list_all(below).prefixes, testing::ElementsAre("dir/sub/"));
  }
  below.prefix = "absent/";
  EXPECT_THAT(names(below), testing::IsEmpty());
}

TEST_P(BlobStoreContract, AListingSaysTheSameOfABlobAsItsProperties) {
  put("text", "12345");
  put("empty", "");
  under_test_->put_directory_marker(container_, "dir");

  const auto listed = list_all({}).blobs;

  ASSERT_EQ(listed.size(), 3U);
  for (const auto& [name, from_list] : listed) {
    SCOPED_TRACE(name);
    const auto properties = properties_of(name);
    EXPECT_EQ(from_list.etag, properties.etag);
    EXPECT_TRUE(from_list.etag.size() > 2 && from_list.etag.front() == '"' && from_list.etag.back() == '"');
    EXPECT_EQ(from_list.size, properties.size);
    EXPECT_EQ(from_list.size, name == "text" ? 5U : 0U);
    EXPECT_EQ(from_list.last_modified, properties.last_modified);
    EXPECT_GT(from_list.last_modified, WallTime{});
    EXPECT_EQ(from_list.details.access_tier, properties.details.access_tier);
    EXPECT_EQ(from_list.details.type, properties.details.type);
    EXPECT_EQ(from_list.details.type, "BlockBlob");
    EXPECT_EQ(from_list.details.content_type, properties.details.content_type);
    EXPECT_EQ(from_list.details.content_type, "application/octet-stream");
    EXPECT_EQ(from_list.details.content_md5, properties.details.content_md5);
    EXPECT_EQ(from_list.details.metadata, properties.details.metadata);
    EXPECT_EQ(from_list.is_directory_marker, name == "dir");
    EXPECT_EQ(properties.is_directory_marker, name == "dir");
  }
}

TEST_P(BlobStoreContract, MetadataIsTheSameInAListingAndInProperties) {
  const std::map<std::string, std::string> some{
      {"Owner", "a & <b>"}, {"mtime", "1763852123"}, {"a1_", "x=y; z"}};
  under_test_->put_with_metadata(container_, "some", some);
  under_test_->put_with_metadata(container_, "none", {});
  under_test_->put_with_metadata(container_, "dir", {{"Hdi_IsFolder", "True"}});

  const std::vector<std::pair<std::string, std::string>> expected(some.begin(), some.end());
  EXPECT_EQ(properties_of("some").details.metadata, expected);
  EXPECT_THAT(properties_of("none").details.metadata, testing::IsEmpty());
  EXPECT_TRUE(properties_of("dir").is_directory_marker);
  const auto listed = list_all({}).blobs;
  ASSERT_EQ(listed.size(), 3U);
  for (const auto& [name, from_list] : listed) {
    SCOPED_TRACE(name);
    EXPECT_EQ(from_list.details.metadata, properties_of(name).details.metadata);
    EXPECT_EQ(from_list.is_directory_marker, name == "dir");
  }
}

TEST_P(BlobStoreContract, TheNextMarkerIsToldOnceBeforeThePage) {
  for (const auto* name : {"a", "b/1", "b/2", "c", "d/1", "e"}) put(name);

  std::vector<std::string> told;
  ListBlobsQuery query;
  query.container = container_;
  query.delimiter = "/";
  query.max_results = 2;
  query.next_known = [&told](const std::string& marker) { told.push_back(marker); };
  do {
    told.clear();
    const auto page = store_.list_blobs(query);
    ASSERT_TRUE(page) << page.error().message;
    if (page->next_marker.empty()) {
      EXPECT_THAT(told, testing::IsEmpty());
    } else {
      EXPECT_THAT(told, testing::ElementsAre(page->next_marker));
    }
    query.marker = page->next_marker;
  } while (!query.marker.empty());
}

// Names. None has a backslash: the service takes it for a slash.
// https://github.com/Azure/azure-sdk-for-js/pull/5405

inline Names nasty_names() {
  const std::string component(255, 'x');
  Names names{"with space",
              "two  spaces",
              " leading",
              "trailing ",
              "100%",
              "%41",
              "%zz",
              "a+b",
              "a#b",
              "a?b=c",
              "a&b",
              "a&amp;b",
              "it's",
              "\"quoted\"",
              "a:b",
              "a;b",
              "a,b",
              "<tag>",
              "]]>",
              "tab\there",
              "trailing.",
              "...",
              ".hidden",
              "~tilde",
              "a=b",
              "a@b",
              "[x]",
              "{x}",
              "a|b",
              "a^b",
              "a*b",
              "a$b",
              "a`b",
              "UPPER",
              "dir/with space/x",
              "slash//two",
              "$root",
              "K\xc3\xa4se",
              "\xe6\x97\xa5\xe6\x9c\xac",
              "\xf0\x9f\x98\x80",
              "e\xcc\x81",
              "\xc3\xa9",
              component,
              component + "/" + component};
  auto longest = component + "/" + component + "/" + component + "/" + component;
  longest.resize(1024, 'y');
  names.push_back(longest);
  return names;
}

TEST_P(BlobStoreContract, ANastyNameIsListedExactly) {
  auto expected = nasty_names();
  for (const auto& name : expected) put(name, name);

  std::sort(expected.begin(), expected.end());
  auto listed = names({});
  std::sort(listed.begin(), listed.end());
  EXPECT_EQ(listed, expected);
}

TEST_P(BlobStoreContract, ANastyNameIsFoundAndRead) {
  for (const auto& name : nasty_names()) {
    SCOPED_TRACE(name);
    put(name, name);
    const auto text = store_.read(version_of(name), {0, name.size()});
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(*text, name);
  }
}

TEST_P(BlobStoreContract, ANastyPrefixNarrowsAListing) {
  for (const auto& name : nasty_names()) {
    SCOPED_TRACE(name);
    if (name.size() > 1000) continue;
    put(name + "/below");
    ListBlobsQuery below;
    below.prefix = name + "/";
    below.delimiter = "/";
    EXPECT_THAT(names(below), testing::Contains(name + "/below"));
    ListBlobsQuery above;
    above.prefix = name;
    above.delimiter = "/";
    EXPECT_THAT(list_all(above).prefixes,
                testing::Contains(name.substr(0, name.find('/', name.size())) + "/"));
  }
}

// Properties

TEST_P(BlobStoreContract, AnAbsentBlobIsNotFound) {
  put("dir/blob");

  for (const std::string absent :
       {"absent", "dir", "dir/", "dir/blob/", "DIR/BLOB", "", ".", "..", "../dir/blob"}) {
    SCOPED_TRACE(absent);
    EXPECT_EQ(code_of(store_.get_properties(container_, absent)), ErrorCode::not_found);
    EXPECT_THAT(code_of(store_.read({container_, absent, "\"0x1\"", 4}, {0, 4})), no_longer_there());
  }
}

TEST_P(BlobStoreContract, TheSameBytesPutAgainAreAnotherVersion) {
  put("blob", "same");
  const auto before = properties_of("blob");
  put("blob", "same");

  EXPECT_NE(properties_of("blob").etag, before.etag);
}

// Reads

TEST_P(BlobStoreContract, ARangeIsReadExactly) {
  std::string text;
  while (text.size() < 100'003) text += std::to_string(text.size()) + ",";
  put("blob", text);
  const auto version = version_of("blob");
  ASSERT_EQ(version.size, text.size());

  for (const auto range : {ByteRange{0, 1}, ByteRange{0, text.size()}, ByteRange{text.size() - 1, 1},
                           ByteRange{1, text.size() - 2}, ByteRange{65'535, 2}, ByteRange{4'096, 65'536}}) {
    SCOPED_TRACE(range_header(range));
    const auto bytes = store_.read(version, range);
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_EQ(*bytes, text.substr(range.offset, range.length));
  }
}

TEST_P(BlobStoreContract, AReadThatIsNotWantedEndsWithoutAnotherPiece) {
  const std::string text(4'000'003, 'x');
  put("blob", text);
  const auto version = version_of("blob");
  std::atomic<int> pieces{0};

  const auto outcome = outcome_of<void>([&](Completion<void> done) {
    const auto refuse = [&pieces](std::span<const std::byte> bytes) {
      if (bytes.empty()) return true;  // no byte has come so far
      ++pieces;
      return false;
    };
    under_test_->store().read(version, {0, text.size()}, refuse, std::move(done));
  });

  EXPECT_EQ(code_of(outcome), ErrorCode::cancelled);
  EXPECT_EQ(pieces, 1);
  EXPECT_EQ(*store_.read(version, {0, 4}), "xxxx");
}

TEST_P(BlobStoreContract, ARangeOutsideTheBlobIsRefused) {
  put("blob", "12345");
  put("empty", "");

  for (const auto range :
       {ByteRange{0, 0}, ByteRange{0, 6}, ByteRange{5, 1}, ByteRange{1, ~std::uint64_t{0}}}) {
    EXPECT_EQ(code_of(store_.read(version_of("blob"), range)), ErrorCode::invalid_argument);
  }
  EXPECT_EQ(code_of(store_.read(version_of("empty"), {0, 1})), ErrorCode::invalid_argument);
}

TEST_P(BlobStoreContract, AChangedBlobIsAnErrorNotAMixture) {
  put("blob", "first version");
  const auto first = version_of("blob");

  for (const auto* text : {"later version", "short", "one that is longer than the first"}) {
    put("blob", text);
    EXPECT_EQ(code_of(store_.read(first, {0, first.size})), ErrorCode::changed);
    EXPECT_EQ(code_of(store_.read(first, {first.size - 1, 1})), ErrorCode::changed);
  }
}

TEST_P(BlobStoreContract, ADeletedBlobIsNotFoundAndOnePutAgainIsAnother) {
  put("blob", "text");
  const auto version = version_of("blob");

  under_test_->remove(container_, "blob");
  EXPECT_EQ(code_of(store_.get_properties(container_, "blob")), ErrorCode::not_found);
  EXPECT_THAT(code_of(store_.read(version, {0, 4})), no_longer_there());
  EXPECT_THAT(names({}), testing::IsEmpty());

  put("blob", "text");
  EXPECT_EQ(code_of(store_.read(version, {0, 4})), ErrorCode::changed);
}

TEST_P(BlobStoreContract, AnArchivedBlobIsListedAndNotRead) {
  under_test_->put_archived(container_, "blob", "text");

  EXPECT_EQ(properties_of("blob").details.access_tier, "Archive");
  ASSERT_EQ(list_all({}).blobs.size(), 1U);
  EXPECT_EQ(list_all({}).blobs.front().properties.details.access_tier, "Archive");
  EXPECT_EQ(code_of(store_.read(version_of("blob"), {0, 4})), ErrorCode::not_permitted);
}

TEST_P(BlobStoreContract, ManyReadsAtOnceAreEachAnswered) {
  put("blob", "0123456789");
  const auto version = version_of("blob");

  std::vector<std::future<Result<std::string>>> reads;
  for (std::uint64_t i = 0; i < 30; ++i) {
    reads.push_back(std::async(std::launch::async, [&, i] { return store_.read(version, {i % 10, 1}); }));
  }

  for (std::size_t i = 0; i < reads.size(); ++i) {
    const auto text = reads[i].get();
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(*text, std::to_string(i % 10));
  }
}

}  // namespace blobmount::tests
