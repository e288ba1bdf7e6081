#include "blob/blob_requests.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

const Url account{.scheme = "https", .host = "a.blob.core.windows.net", .path = "/", .query = {}};
const Url emulator{
    .scheme = "http", .host = "127.0.0.1", .port = 10000, .path = "/devstoreaccount1", .query = {}};

TEST(BlobRequests, ContainersAreListedAtTheAccount) {
  EXPECT_EQ(list_containers_request(account, {}).url.to_string(),
            "https://a.blob.core.windows.net/?comp=list&maxresults=5000");
  EXPECT_EQ(list_containers_request(emulator, {.marker = "m/1", .max_results = 7}).url.to_string(),
            "http://127.0.0.1:10000/devstoreaccount1/?comp=list&maxresults=7&marker=m%2F1");
}

TEST(BlobRequests, AContainerIsLookedAtByHead) {
  const auto request = get_container_request(account, "docs");

  EXPECT_EQ(request.method, "HEAD");
  EXPECT_EQ(request.url.to_string(), "https://a.blob.core.windows.net/docs?restype=container");
}

TEST(BlobRequests, BlobsAreListedWithTheirMetadata) {
  ListBlobsQuery query;
  query.container = "docs";
  EXPECT_EQ(
      list_blobs_request(account, query).url.to_string(),
      "https://a.blob.core.windows.net/docs?restype=container&comp=list&include=metadata&maxresults=5000");

  query = {.container = "docs", .prefix = "a b&c/", .delimiter = "/", .marker = "2!4=", .max_results = 1};
  EXPECT_EQ(
      list_blobs_request(emulator, query).url.to_string(),
      "http://127.0.0.1:10000/devstoreaccount1/docs?restype=container&comp=list&include=metadata&maxresults=1"
      "&prefix=a%20b%26c%2F&delimiter=%2F&marker=2%214%3D");
}

TEST(BlobRequests, ABlobsNameIsEncodedAndItsSlashesAreKept) {
  const auto request = get_properties_request(account, "docs", "a b/100%+#?&'\"/\xc3\xa9//~.");

  EXPECT_EQ(request.method, "HEAD");
  EXPECT_EQ(request.url.to_string(),
            "https://a.blob.core.windows.net/docs/a%20b/100%25%2B%23%3F%26%27%22/%C3%A9//~.");
}

TEST(BlobRequests, AReadIsPinnedToItsVersion) {
  const BlobVersion version{.container = "docs", .blob = "b", .etag = "\"0x8D\"", .size = 100};

  const auto request = read_request(emulator, version, {10, 20});

  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.url.to_string(), "http://127.0.0.1:10000/devstoreaccount1/docs/b");
  EXPECT_EQ(request.headers.get("If-Match"), "\"0x8D\"");
  EXPECT_EQ(request.range, (ByteRange{10, 20}));
}

TEST(BlobRequests, EachSaysItsVersionAndWhoAsksAndTakesNoCompression) {
  for (const auto& request :
       {list_containers_request(account, {}), get_container_request(account, "docs"),
        list_blobs_request(account, {.container = "docs", .prefix = {}, .delimiter = {}, .marker = {}}),
        get_properties_request(account, "docs", "b"), read_request(account, {"docs", "b", "e", 1}, {0, 1})}) {
    EXPECT_EQ(request.headers.get("x-ms-version"), "2021-12-02");
    EXPECT_FALSE(request.headers.get("Accept-Encoding"));
  }
}

TEST(BlobRequests, AnEndpointsQueryIsKept) {
  auto shared = account;
  shared.query = {{"sv", "2021-12-02"}};

  EXPECT_EQ(get_properties_request(shared, "docs", "b").url.to_string(),
            "https://a.blob.core.windows.net/docs/b?sv=2021-12-02");
}

TEST(BlobRequests, OnlyAContainersNameCanNameOne) {
  for (const auto* name : {"abc", "0-9", "$root", "$web", "a-b-c", "abcdefghijklmnopqrstuvwxyz0123456789"}) {
    EXPECT_TRUE(can_name_container(name)) << name;
  }
  for (const auto* name : {"", "ab", "$", "Abc", "a_b", "a.b", ".Trash", "a b", "a/b", "..", "\xc3\xa4-b"}) {
    EXPECT_FALSE(can_name_container(name)) << name;
  }
  EXPECT_FALSE(can_name_container(std::string(64, 'a')));
}

TEST(BlobRequests, ANameThatWouldLeadElsewhereCannotNameABlob) {
  for (const auto* name : {"a", " ", "\n", "...", "a..", "..a", ".a/b", "a//b", "/a", "a/", "%2e"}) {
    EXPECT_TRUE(can_name_blob(name)) << name;
  }
  for (const auto* name : {"", ".", "..", "./a", "../a", "a/..", "a/./b", "a/../b"}) {
    EXPECT_FALSE(can_name_blob(name)) << name;
  }
}

}  // namespace
}  // namespace blobmount::tests
