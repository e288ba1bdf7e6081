#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "fakes/blob_service.hpp"
#include "support/eventually.hpp"
#include "unit/fakes/blob_service_fixture.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

class BlobServiceFaults : public BlobServiceTest {
 protected:
  BlobServiceFaults() { service_.blobs().put("box", "a", std::string(1000, 'x')); }

  void once(const Fault& fault) { service_.faults().add({.fault = fault}); }
};

TEST_F(BlobServiceFaults, AStatusCarriesRetryAfter) {
  once({.status = 503, .code = "ServerBusy", .retry_after = 2s});

  const auto busy = get("/box/a");

  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(code_of(busy), "ServerBusy");
  EXPECT_EQ(busy.headers.get("Retry-After"), "2");
  EXPECT_EQ(get("/box/a").status, 200);
}

TEST_F(BlobServiceFaults, BrokenConnectionsAreErrorsToTheClient) {
  for (const auto kind : {FaultKind::reset, FaultKind::truncate}) {
    for (const std::int64_t bytes : {0, 500}) {
      once({.kind = kind, .bytes = bytes});
      EXPECT_THROW(get("/box/a"), std::runtime_error) << static_cast<int>(kind) << " " << bytes;
    }
  }
  EXPECT_EQ(service_.stats().counts().body_bytes, 1000u)
      << "twice 500; what struck before the head sent nothing";
  EXPECT_EQ(get("/box/a").body.size(), 1000u);
}

TEST_F(BlobServiceFaults, ARequestIsUnderWayUntilItIsAnswered) {
  once({.kind = FaultKind::stall, .time = 5s});
  std::thread client([this] { EXPECT_EQ(get("/box/a").status, 200); });
  EXPECT_TRUE(eventually(10s, [this] { return service_.stats().under_way("box/a") == 1; }));

  client.join();

  EXPECT_TRUE(eventually(10s, [this] { return service_.stats().under_way("box/a") == 0; }));
}

TEST_F(BlobServiceFaults, AStallEndsInTime) {
  for (const std::int64_t bytes : {0, 500}) {
    once({.kind = FaultKind::stall, .bytes = bytes, .time = 100ms});
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(get("/box/a").body.size(), 1000u);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 100ms);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
  }
}

TEST_F(BlobServiceFaults, ADripIsSlow) {
  once({.kind = FaultKind::drip, .bytes = 900, .rate = 1000});

  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(get("/box/a").body.size(), 1000u);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 90ms);
}

TEST_F(BlobServiceFaults, LiesInTheHead) {
  const std::vector<std::string> range{"Range: bytes=100-199"};
  once({.kind = FaultKind::wrong_length, .bytes = -10});
  EXPECT_EQ(get("/box/a", range).body.size(), 90u);
  once({.kind = FaultKind::wrong_length, .bytes = 10});
  EXPECT_THROW(get("/box/a", range), std::runtime_error);
  once({.kind = FaultKind::wrong_range, .bytes = 50});
  EXPECT_EQ(get("/box/a", range).headers.get("Content-Range"), "bytes 150-249/1000");
  once({.kind = FaultKind::wrong_etag});
  EXPECT_EQ(get("/box/a", range).headers.get("ETag"), "\"0xBADBADBADBADBAD\"");
}

TEST_F(BlobServiceFaults, AnEmptyPageHasAMarkerThatLeadsOn) {
  service_.faults().add({.fault = {.kind = FaultKind::empty_page}, .request = RequestKind::list_blobs});

  const auto empty = get("/box?restype=container&comp=list").body;
  EXPECT_EQ(empty.find("<Blob>"), std::string::npos);
  const auto start = empty.find("<NextMarker>") + 12;
  const auto marker = empty.substr(start, empty.find("</NextMarker>") - start);

  const auto next = get("/box?restype=container&comp=list&marker=" + marker).body;
  EXPECT_NE(next.find("<Name>a</Name>"), std::string::npos) << next;
}

TEST_F(BlobServiceFaults, ScriptsOrderThemToo) {
  ASSERT_EQ(
      order(
          "POST", "/fake/faults",
          R"([{"fault": "status", "status": 404, "code": "BlobNotFound", "request": "get_blob", "every": 2}])")
          .status,
      200);
  EXPECT_EQ(get("/box/a").status, 404);
  EXPECT_EQ(get("/box/a").status, 200);
  EXPECT_EQ(get("/box/a").status, 404);

  order("DELETE", "/fake/faults");
  EXPECT_EQ(get("/box/a").status, 200);
  EXPECT_EQ(order("POST", "/fake/faults", R"({"fault": "flood"})").status, 400);
}

}  // namespace
}  // namespace blobmount::tests
