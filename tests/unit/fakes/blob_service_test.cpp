#include "fakes/blob_service.hpp"

#include <chrono>
#include <span>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "blob/blob_headers.hpp"
#include "blob/list_xml.hpp"
#include "fakes/synthetic_content.hpp"
#include "unit/fakes/blob_service_fixture.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

TEST_F(BlobServiceTest, ServesBlobsAndRanges) {
  const auto etag = service_.blobs().put("box", "a b/c", "hello", {{"hdi_isfolder", "true"}});

  const auto whole = get("/box/a%20b/c");
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, "hello");
  EXPECT_EQ(whole.headers.get("ETag"), etag);
  EXPECT_EQ(whole.headers.get("x-ms-meta-hdi_isfolder"), "true");

  const auto range = get("/box/a%20b/c", {"x-ms-range: bytes=3-100", "If-Match: " + etag});
  EXPECT_EQ(range.status, 206);
  EXPECT_EQ(range.body, "lo");
  EXPECT_EQ(range.headers.get("Content-Range"), "bytes 3-4/5");

  const auto head = ask("HEAD", "/box/a%20b/c");
  EXPECT_EQ(head.headers.get("Content-Length"), "5");
}

TEST_F(BlobServiceTest, RefusesAsTheRealOneDoes) {
  service_.blobs().put("box", "a", "hello");
  service_.blobs().put_blob("box", "cold", {.size = 1, .access_tier = "Archive"});

  EXPECT_EQ(code_of(get("/box/b")), "BlobNotFound");
  EXPECT_EQ(code_of(get("/none/b")), "ContainerNotFound");
  EXPECT_EQ(code_of(ask("HEAD", "/none?restype=container")), "ContainerNotFound");
  EXPECT_EQ(code_of(get("/box/cold")), "BlobArchived");

  const auto changed = get("/box/a", {"Range: bytes=0-1", "If-Match: \"0x1\""});
  EXPECT_EQ(changed.status, 412);
  EXPECT_EQ(code_of(changed), "ConditionNotMet");
  EXPECT_NE(changed.body.find("<Code>ConditionNotMet</Code>"), std::string::npos);

  const auto beyond = get("/box/a", {"Range: bytes=5-9"});
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(code_of(beyond), "InvalidRange");
}

TEST_F(BlobServiceTest, ServesAnyRangeOfAHugeBlob) {
  service_.blobs().put_synthetic("box", "huge", 8ULL << 30, 7);
  const SyntheticContent content(7);

  for (const std::uint64_t offset : {0ULL, 1'048'500ULL, 5ULL << 30, (8ULL << 30) - 100}) {
    const auto response = get(
        "/box/huge", {"Range: bytes=" + std::to_string(offset) + "-" + std::to_string(offset + 9'999'999)});
    ASSERT_EQ(response.status, 206);
    EXPECT_EQ(response.body.size(), std::min<std::uint64_t>(10'000'000, (8ULL << 30) - offset));
    EXPECT_TRUE(content.matches(offset, std::as_bytes(std::span(response.body))));
  }
}

TEST_F(BlobServiceTest, ListsWithMarkersAndMetadata) {
  service_.blobs().put("box", "a&b", "12", {{"hdi_isfolder", "true"}});
  service_.blobs().put("box", "c/d", "");

  const auto first = get("/box?restype=container&comp=list&delimiter=%2F&maxresults=1&include=metadata").body;
  EXPECT_NE(first.find("<Name>a&amp;b</Name>"), std::string::npos) << first;
  EXPECT_NE(first.find("<hdi_isfolder>true</hdi_isfolder>"), std::string::npos);
  const auto marker = first.substr(first.find("<NextMarker>") + 12,
                                   first.find("</NextMarker>") - first.find("<NextMarker>") - 12);

  const auto second =
      get("/box?restype=container&comp=list&delimiter=%2F&maxresults=1&marker=" + marker).body;
  EXPECT_NE(second.find("<BlobPrefix><Name>c/</Name></BlobPrefix>"), std::string::npos) << second;
  EXPECT_NE(second.find("<NextMarker />"), std::string::npos);
}

TEST_F(BlobServiceTest, SaysTheSameOfABlobInAListAndInHeaders) {
  service_.blobs().put_blob("box", "a",
                            {.size = 1,
                             .metadata = {{"Owner", "a & b"}, {"b", "2"}},
                             .access_tier = "Cool",
                             .type = "AppendBlob",
                             .content_type = "text/plain",
                             .content_md5 = "sQqNsWTgdUEFt6mb5y4/5Q==",
                             .version_id = "2026-11-23T21:26:14.0000000Z"});
  service_.blobs().put_folder("box", {.prefix = "d/", .blobs = 1, .blob_size = 5});

  const auto page = parse_blob_page(get("/box?restype=container&comp=list&include=metadata").body);
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->blobs.size(), 2u);
  for (const auto& [name, listed] : page->blobs) {
    auto properties = parse_blob_properties(ask("HEAD", "/box/" + name).headers);
    ASSERT_TRUE(properties) << properties.error().message;
    EXPECT_EQ(properties->details.version_id, name == "a" ? "2026-11-23T21:26:14.0000000Z" : "");
    properties->details.version_id = "";  // which only a list of all versions tells
    EXPECT_EQ(properties->details, listed.details) << name;
  }
  EXPECT_EQ(page->blobs[0].properties.details, (BlobDetails{.type = "AppendBlob",
                                                            .access_tier = "Cool",
                                                            .content_type = "text/plain",
                                                            .content_md5 = "sQqNsWTgdUEFt6mb5y4/5Q==",
                                                            .metadata = {{"Owner", "a & b"}, {"b", "2"}}}));
  EXPECT_EQ(
      page->blobs[1].properties.details,
      (BlobDetails{.type = "BlockBlob", .access_tier = "Hot", .content_type = "application/octet-stream"}));

  const auto part = get("/box/a", {"Range: bytes=0-0"});
  EXPECT_FALSE(part.headers.get("Content-MD5"));
  EXPECT_EQ(part.headers.get("x-ms-blob-content-md5"), "sQqNsWTgdUEFt6mb5y4/5Q==");
}

TEST_F(BlobServiceTest, ListsContainers) {
  service_.blobs().create_container("one");
  service_.blobs().create_container("two");

  const auto list = get("/?comp=list").body;

  EXPECT_NE(list.find("<Name>one</Name>"), std::string::npos);
  EXPECT_NE(list.find("<Name>two</Name>"), std::string::npos);
  EXPECT_EQ(ask("HEAD", "/one?restype=container").status, 200);
}

TEST_F(BlobServiceTest, ChecksAuthorizationWhenAsked) {
  service_.blobs().put("box", "a", "hello");
  EXPECT_EQ(get("/box/a").status, 200);

  service_.access().require_authorization(true);
  EXPECT_EQ(get("/box/a").status, 401);
  EXPECT_EQ(get("/box/a", {"Authorization: Bearer t"}).status, 200);

  service_.access().set_role_assigned(false);
  EXPECT_EQ(code_of(get("/box/a", {"Authorization: Bearer t"})), "AuthorizationPermissionMismatch");

  service_.access().refuse_token("t");
  const auto refused = get("/box/a", {"Authorization: Bearer t"});
  EXPECT_EQ(refused.status, 401);
  EXPECT_TRUE(refused.headers.get("WWW-Authenticate"));
}

TEST_F(BlobServiceTest, CountsRequestsAndBytes) {
  service_.blobs().put_synthetic("box", "a", 1000);
  get("/box/a", {"Range: bytes=0-99"});
  get("/box/a");
  ask("HEAD", "/box/a");

  const auto counts = service_.stats().counts();
  EXPECT_EQ(counts.of(RequestKind::get_blob), 2u);
  EXPECT_EQ(counts.of(RequestKind::head_blob), 1u);
  EXPECT_EQ(counts.body_bytes, 1100u);
  EXPECT_EQ(service_.stats().requests().front().range, (ByteRange{.offset = 0, .length = 100}));
  EXPECT_EQ(nlohmann::json::parse(order("GET", "/fake/stats").body).at("body_bytes"), 1100);

  order("POST", "/fake/reset-stats");
  EXPECT_EQ(service_.stats().counts().all(), 0u);
}

TEST_F(BlobServiceTest, IsAsFarAwayAsItIsTold) {
  service_.blobs().put_synthetic("box", "a", 300'000);
  order("POST", "/fake/network", R"({"first_byte_ms": 50, "mib_per_second": 2, "list_ms": 100})");

  const auto time = [](auto&& action) {
    const auto start = std::chrono::steady_clock::now();
    action();
    return std::chrono::steady_clock::now() - start;
  };
  EXPECT_GE(time([&] { ask("HEAD", "/box/a"); }), 50ms);
  EXPECT_GE(time([&] { get("/box?restype=container&comp=list"); }), 100ms);
  const auto body = time([&] { get("/box/a"); });
  EXPECT_GE(body, 50ms + 140ms);  // 300,000 bytes at 2 MiB/s take 143 ms
}

TEST(NetworkModel, JitterSpreadsAroundTheMean) {
  const Latency latency{.mean = 8ms, .jitter = 2ms};
  EXPECT_EQ(latency.at(0.0), 6ms);
  EXPECT_EQ(latency.at(0.5), 8ms);
  EXPECT_EQ(latency.at(1.0), 10ms);
}

}  // namespace
}  // namespace blobmount::tests
