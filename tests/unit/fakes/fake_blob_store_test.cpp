#include "fakes/fake_blob_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/blocking_store.hpp"

namespace blobmount::tests {
namespace {

using Call = FakeBlobStore::Call;

class FakeBlobStoreTest : public testing::Test {
 protected:
  FakeBlobStore fake_;
  BlockingStore store_{fake_};
};

TEST_F(FakeBlobStoreTest, PagesWithEntriesComeAfterEmptyOnesWithAMarker) {
  for (const auto* name : {"a", "b", "c"}) fake_.put("docs", name, "text");
  fake_.limit_pages(2);
  fake_.put_empty_pages_between(2);

  std::vector<std::size_t> sizes;
  ListBlobsQuery query;
  query.container = "docs";
  do {
    const auto page = store_.list_blobs(query);
    ASSERT_TRUE(page) << page.error().message;
    sizes.push_back(page->blobs.size());
    query.marker = page->next_marker;
  } while (!query.marker.empty());

  EXPECT_THAT(sizes, testing::ElementsAre(0, 0, 2, 0, 0, 1));
}

TEST_F(FakeBlobStoreTest, TheNextMarkerIsToldBeforeThePage) {
  for (const auto* name : {"a", "b", "c"}) fake_.put("docs", name, "text");
  fake_.limit_pages(2);
  std::vector<std::string> told;
  ListBlobsQuery query;
  query.container = "docs";
  query.next_known = [&told](const std::string& marker) { told.push_back(marker); };

  const auto first = store_.list_blobs(query);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_THAT(told, testing::ElementsAre(first->next_marker));
  query.marker = first->next_marker;
  ASSERT_TRUE(store_.list_blobs(query));

  EXPECT_EQ(told.size(), 1U);
}

TEST_F(FakeBlobStoreTest, WhatIsSaidOfABlobIsAnswered) {
  fake_.put("docs", "a", "text",
            {.access_tier = "Cool",
             .is_directory_marker = true,
             .type = "AppendBlob",
             .content_type = "text/plain",
             .content_md5 = "sQqNsWTgdUEFt6mb5y4/5Q==",
             .version_id = "2026",
             .metadata = {{"owner", "me"}}});
  fake_.put("docs", "b", "text");

  EXPECT_EQ(store_.get_properties("docs", "a")->details,
            (BlobDetails{.type = "AppendBlob",
                         .access_tier = "Cool",
                         .content_type = "text/plain",
                         .content_md5 = "sQqNsWTgdUEFt6mb5y4/5Q==",
                         .version_id = "2026",
                         .metadata = {{"hdi_isfolder", "true"}, {"owner", "me"}}}));
  EXPECT_EQ(
      store_.get_properties("docs", "b")->details,
      (BlobDetails{.type = "BlockBlob", .access_tier = "Hot", .content_type = "application/octet-stream"}));
}

TEST_F(FakeBlobStoreTest, AListingDoesNotTellTheVersionId) {
  fake_.put("docs", "a", "text", {.version_id = "2026"});

  const auto page = store_.list_blobs({.container = "docs"});

  ASSERT_TRUE(page);
  EXPECT_EQ(page->blobs.at(0).properties.details.version_id, "");
}

TEST_F(FakeBlobStoreTest, CallsFailAsOftenAsTheyAreToldTo) {
  const auto blob = fake_.put("docs", "a", "text");
  fake_.fail_next(Call::get_properties, {ErrorCode::throttled, "slow down"}, 2);

  EXPECT_EQ(store_.get_properties("docs", "a").error().code, ErrorCode::throttled);
  EXPECT_EQ(store_.read({"docs", "a", blob.etag, 4}, {0, 4}).value(), "text");
  EXPECT_EQ(store_.get_properties("docs", "a").error().code, ErrorCode::throttled);
  EXPECT_TRUE(store_.get_properties("docs", "a"));
  EXPECT_EQ(fake_.calls(Call::get_properties), 3);
  EXPECT_EQ(fake_.calls(), 4);
}

TEST_F(FakeBlobStoreTest, AnswersAreHeldBackUntilTheyAreReleased) {
  fake_.put("docs", "a", "text");
  fake_.hold();

  std::atomic<int> told{0};
  for (int i = 0; i < 3; ++i) fake_.get_container("docs", [&](const auto&) { ++told; });
  fake_.wait_for_held(3);
  EXPECT_EQ(told, 0);
  fake_.release_one();
  fake_.release();
  EXPECT_TRUE(store_.get_container("docs"));  // its answer comes after theirs

  EXPECT_EQ(told, 3);
}

TEST_F(FakeBlobStoreTest, AMarkerOfNobodyIsRefused) {
  fake_.put_container("docs");
  for (const auto* marker : {"x", "1", "0!z", "0!6", "!61"}) {
    EXPECT_EQ(store_.list_blobs({.container = "docs", .prefix = {}, .delimiter = {}, .marker = marker})
                  .error()
                  .code,
              ErrorCode::invalid_argument);
  }
}

TEST_F(FakeBlobStoreTest, ABlobCanBeLargerThanTheMemory) {
  const std::uint64_t size = 5ULL << 30U;
  const auto blob = fake_.put("docs", "large", size, [](std::uint64_t offset, std::span<std::byte> into) {
    for (auto& byte : into) byte = static_cast<std::byte>(offset++ >> 30U);
  });

  EXPECT_EQ(store_.read({"docs", "large", blob.etag, size}, {(4ULL << 30U) - 1, 2}).value(), "\x03\x04");
}

}  // namespace
}  // namespace blobmount::tests
