#include "blob/blob_headers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

using testing::HasSubstr;

HttpHeaders blob_headers() {
  return {{"Content-Length", "12"},
          {"Last-Modified", "Fri, 26 Jun 2015 23:39:12 GMT"},
          {"ETag", "\"0x8D27E4\""},
          {"x-ms-request-id", "1"},
          {"x-ms-version", "2021-12-02"}};
}

TEST(BlobHeaders, PropertiesAreRead) {
  auto headers = blob_headers();
  headers.set("x-ms-access-tier", "Cool");

  const auto properties = parse_blob_properties(headers);

  ASSERT_TRUE(properties) << properties.error().message;
  EXPECT_EQ(properties->etag, "\"0x8D27E4\"");
  EXPECT_EQ(properties->size, 12U);
  EXPECT_EQ(properties->last_modified, WallTime{std::chrono::seconds{1'435'361'952}});
  EXPECT_EQ(properties->details.access_tier, "Cool");
  EXPECT_FALSE(properties->is_directory_marker);
}

TEST(BlobHeaders, WhatElseTheServiceSaysOfABlobIsKept) {
  auto headers = blob_headers();
  for (const auto& [name, value] : HttpHeaders{{"X-Ms-Blob-Type", "PageBlob"},
                                               {"content-type", "text/plain; charset=utf-8"},
                                               {"Content-MD5", "sQqNsWTgdUEFt6mb5y4/5Q=="},
                                               {"x-ms-version-id", "2026-11-23T21:26:14.0000000Z"},
                                               {"x-ms-meta-b", "2"},
                                               {"X-MS-META-Owner", "a & b"},
                                               {"x-ms-meta-a", ""},
                                               {"x-ms-meta-", "nameless"},
                                               {"x-ms-metadata", "other"}}) {
    headers.add(name, value);
  }

  const auto properties = parse_blob_properties(headers);

  ASSERT_TRUE(properties) << properties.error().message;
  const auto& details = properties->details;
  EXPECT_EQ(details.type, "PageBlob");
  EXPECT_EQ(details.access_tier, "");
  EXPECT_EQ(details.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(details.content_md5, "sQqNsWTgdUEFt6mb5y4/5Q==");
  EXPECT_EQ(details.version_id, "2026-11-23T21:26:14.0000000Z");
  EXPECT_THAT(details.metadata, testing::ElementsAre(testing::Pair("Owner", "a & b"), testing::Pair("a", ""),
                                                     testing::Pair("b", "2")));
}

TEST(BlobHeaders, TheMd5IsThatOfTheBlobNotOfAPart) {
  auto headers = blob_headers();
  headers.set("Content-MD5", "part");
  headers.set("x-ms-blob-content-md5", "whole");

  const auto properties = parse_blob_properties(headers);

  ASSERT_TRUE(properties) << properties.error().message;
  EXPECT_EQ(properties->details.content_md5, "whole");
}

TEST(BlobHeaders, ADirectoryMarkerIsKnownByItsMetadataInAnyCase) {
  for (const auto& [name, value, expected] :
       {std::tuple{"x-ms-meta-hdi_isfolder", "true", true},
        std::tuple{"X-Ms-Meta-Hdi_IsFolder", "True", true},
        std::tuple{"x-ms-meta-hdi_isfolder", "false", false}, std::tuple{"x-ms-meta-hdi_isfolder", "", false},
        std::tuple{"x-ms-meta-folder", "true", false}, std::tuple{"x-ms-meta-", "true", false},
        std::tuple{"x-ms-resource-type", "directory", true},
        std::tuple{"x-ms-resource-type", "file", false}}) {
    auto headers = blob_headers();
    headers.set(name, value);
    const auto properties = parse_blob_properties(headers);
    ASSERT_TRUE(properties) << properties.error().message;
    EXPECT_EQ(properties->is_directory_marker, expected) << name << ": " << value;
  }
}

TEST(BlobHeaders, AMissingOrUnreadableFieldIsNamed) {
  for (const auto* name : {"ETag", "Content-Length", "Last-Modified"}) {
    for (const auto* value : {"", "-1"}) {
      if (std::string_view(name) == "ETag" && *value != '\0') continue;
      auto headers = blob_headers();
      headers.set(name, value);
      const auto properties = parse_blob_properties(headers);
      ASSERT_FALSE(properties) << name;
      EXPECT_EQ(properties.error().code, ErrorCode::corrupt);
      EXPECT_THAT(properties.error().message, HasSubstr(name));
    }
  }
}

TEST(BlobHeaders, AStrangersAnswerIsSaidToBeOne) {
  const HttpHeaders portal{{"Content-Type", "text/html"}, {"Content-Length", "512"}, {"ETag", "\"1\""}};

  const auto blob = parse_blob_properties(portal);
  const auto container = parse_container_properties("docs", portal);

  ASSERT_FALSE(blob);
  EXPECT_EQ(blob.error().code, ErrorCode::corrupt);
  EXPECT_THAT(blob.error().message, HasSubstr("the answer is not from Azure Blob Storage"));
  ASSERT_FALSE(container);
  EXPECT_THAT(container.error().message, HasSubstr("the answer is not from Azure Blob Storage"));
}

TEST(BlobHeaders, AContainersPropertiesAreRead) {
  const auto container = parse_container_properties("docs", blob_headers());

  ASSERT_TRUE(container) << container.error().message;
  EXPECT_EQ(container->name, "docs");
  EXPECT_EQ(container->last_modified, WallTime{std::chrono::seconds{1'435'361'952}});
}

TEST(BlobHeaders, AnETagHasItsQuotesHoweverItCame) {
  EXPECT_EQ(quoted_etag("0x8D27E4"), "\"0x8D27E4\"");
  EXPECT_EQ(quoted_etag("\"0x8D27E4\""), "\"0x8D27E4\"");
  EXPECT_EQ(quoted_etag("W/\"1\""), "W/\"1\"");
}

TEST(BlobHeaders, ASizeIsDigitsAndNothingElse) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("18446744073709551615"), ~std::uint64_t{0});
  for (const auto* text : {"", " 1", "1 ", "-1", "+1", "0x10", "1e3", "18446744073709551616"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(BlobHeaders, AContentRangeSaysRangeAndTotal) {
  const auto content = parse_content_range("bytes 100-199/5000000000");

  ASSERT_TRUE(content);
  EXPECT_EQ(content->range, (ByteRange{100, 100}));
  EXPECT_EQ(content->total, 5'000'000'000U);
}

TEST(BlobHeaders, AnythingElseIsNoContentRange) {
  for (const auto* text : {"", "bytes", "bytes ", "bytes 0-99", "bytes 0-99/", "bytes 0-99/*", "bytes */100",
                           "bytes 99-0/100", "bytes 0-100/100", "bytes=0-99/100", "items 0-99/100",
                           "bytes -99/100", "bytes 0-/100", "bytes 0/9-100", "bytes 0-99/100 ",
                           "bytes 0-18446744073709551615/18446744073709551615", "bytes 0-99/100/200"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

}  // namespace
}  // namespace blobmount::tests
