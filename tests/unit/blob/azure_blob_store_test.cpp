#include "blob/azure_blob_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "fakes/scripted_transport.hpp"
#include "support/blocking_store.hpp"

namespace blobmount::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A service whose every answer is `answer_`.
class AzureBlobStoreTest : public testing::Test {
 protected:
  static HttpResponse answer(int status, const HttpHeaders& more = {}, std::string body = {}) {
    HttpResponse response{.status = status, .headers = {{"x-ms-request-id", "1"}}, .body = std::move(body)};
    for (const auto& [name, value] : more) response.headers.add(name, value);
    return response;
  }

  static HttpResponse refusal(int status, const std::string& code) {
    return answer(status, {{"x-ms-error-code", code}});
  }

  /// As a transport does: the body of a success goes to the sink.
  Result<HttpResponse> respond(const HttpRequest& request) {
    if (!answer_ || !request.sink || answer_->status / 100 != 2) return answer_;
    auto head = *answer_;
    const auto body = std::exchange(head.body, {});
    BM_TRY(request.sink->begin(head, *request.range));
    BM_TRY(request.sink->append(std::as_bytes(std::span(body))));
    return head;
  }

  Result<HttpResponse> answer_ = answer(200);
  ManualClock clock_;
  RecordingLog log_;
  ScriptedTransport network_{[this](const HttpRequest& request) { return respond(request); }};
  WorkerPool decoders_{"decoders", 1};
  AzureBlobStore azure_{network_, parse_url("https://a.blob.core.windows.net/").value(), decoders_, clock_,
                        log_};
  BlockingStore store_{azure_};
};

const BlobVersion version{.container = "docs", .blob = "dir/b", .etag = "\"0x8D\"", .size = 10};

HttpHeaders head_of(const std::string& content_range) {
  return {{"ETag", "\"0x8D\""}, {"Content-Range", content_range}};
}

TEST_F(AzureBlobStoreTest, APageIsDecodedOffTheNetworkThread) {
  answer_ = answer(
      200, {},
      "<?xml version=\"1.0\"?><EnumerationResults><Blobs/><NextMarker>m</NextMarker></EnumerationResults>");

  std::thread::id decoder;
  const auto page = outcome_of<BlobPage>([&](Completion<BlobPage> done) {
    azure_.list_blobs({.container = "docs", .prefix = "p/", .delimiter = "/", .marker = {}},
                      [&decoder, done](Result<BlobPage> outcome) {
                        decoder = std::this_thread::get_id();
                        done(std::move(outcome));
                      });
  });

  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->next_marker, "m");
  EXPECT_NE(decoder, std::this_thread::get_id());
}

TEST_F(AzureBlobStoreTest, TheNextMarkerIsKnownBeforeThePageIsDecoded) {
  answer_ = answer(
      200, {},
      "<?xml version=\"1.0\"?><EnumerationResults><Blobs/><NextMarker>m</NextMarker></EnumerationResults>");
  std::promise<void> free;
  decoders_.submit([&free] { free.get_future().wait(); });

  std::vector<std::string> markers;
  std::thread::id teller;
  ListBlobsQuery query{.container = "docs", .prefix = {}, .delimiter = {}, .marker = {}};
  query.next_known = [&](const std::string& marker) {
    markers.push_back(marker);
    teller = std::this_thread::get_id();
    free.set_value();
  };
  const auto page = store_.list_blobs(query);

  ASSERT_TRUE(page) << page.error().message;
  EXPECT_THAT(markers, ElementsAre(page->next_marker));
  EXPECT_EQ(teller, std::this_thread::get_id());
}

TEST_F(AzureBlobStoreTest, WhereNoPageFollowsNoMarkerIsTold) {
  int told = 0;
  ListBlobsQuery query{.container = "docs", .prefix = {}, .delimiter = {}, .marker = {}};
  query.next_known = [&told](const std::string&) { ++told; };

  answer_ = answer(200, {},
                   "<?xml version=\"1.0\"?><EnumerationResults><Blobs/><NextMarker /></EnumerationResults>");
  EXPECT_TRUE(store_.list_blobs(query));
  answer_ = answer(500, {}, "<NextMarker>m</NextMarker></EnumerationResults>");
  EXPECT_FALSE(store_.list_blobs(query));
  answer_ = Error{ErrorCode::unreachable, "connection refused"};
  EXPECT_FALSE(store_.list_blobs(query));

  EXPECT_EQ(told, 0);
}

TEST_F(AzureBlobStoreTest, ARangeIsReadThroughAndToldOnTheNetworkThread) {
  answer_ = answer(206, head_of("bytes 2-4/10"), "cde");

  std::string text;
  std::thread::id teller;
  azure_.read(
      version, {2, 3},
      [&](std::span<const std::byte> bytes) {
        text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return true;
      },
      [&](const Status& status) {
        teller = std::this_thread::get_id();
        EXPECT_TRUE(status) << status.error().message;
      });

  EXPECT_EQ(text, "cde");
  EXPECT_EQ(teller, std::this_thread::get_id());
  const auto request = network_.requests().at(0);
  EXPECT_EQ(request.url.to_string(), "https://a.blob.core.windows.net/docs/dir/b");
  EXPECT_EQ(request.headers.get("If-Match"), version.etag);
  EXPECT_EQ(request.range, (ByteRange{2, 3}));
}

TEST_F(AzureBlobStoreTest, AnErrorSaysWhatWasBeingDone) {
  answer_ = refusal(404, "BlobNotFound");
  EXPECT_EQ(store_.get_properties("docs", "a/b").error().message,
            "look at 'docs/a/b': there is no such blob (HTTP 404 BlobNotFound, request 1)");
  EXPECT_THAT(store_.read(version, {0, 1}).error().message,
              HasSubstr("read 'docs/dir/b': there is no such blob"));

  answer_ = Error{ErrorCode::unreachable, "connection refused"};
  EXPECT_EQ(store_.list_containers({}).error().message, "list containers: connection refused");
  EXPECT_EQ(store_.get_container("docs").error().message, "look at 'docs': connection refused");
  EXPECT_EQ(store_.read(version, {0, 1}).error().code, ErrorCode::unreachable);
}

TEST_F(AzureBlobStoreTest, AChangedBlobIsAnErrorNotAMixture) {
  answer_ = refusal(412, "ConditionNotMet");
  EXPECT_EQ(store_.read(version, {0, 1}).error().code, ErrorCode::changed);

  // a proxy that does not know If-Match
  answer_ = answer(206, {{"ETag", "\"0x9E\""}, {"Content-Range", "bytes 0-0/10"}}, "x");
  EXPECT_EQ(store_.read(version, {0, 1}).error().code, ErrorCode::changed);
}

TEST_F(AzureBlobStoreTest, AShortBodyIsAnError) {
  answer_ = answer(206, head_of("bytes 0-9/10"), "123456789");

  EXPECT_EQ(store_.read(version, {0, 10}).error().code, ErrorCode::corrupt);
}

TEST_F(AzureBlobStoreTest, AReadThatNobodyWantsIsCancelledAndNoNewsForTheOperator) {
  answer_ = answer(206, head_of("bytes 0-9/10"), "0123456789");

  const auto outcome = outcome_of<void>([&](Completion<void> done) {
    azure_.read(
        version, {0, 10}, [](auto) { return false; }, std::move(done));
  });

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::cancelled);
  EXPECT_TRUE(log_.lines_for_operators().empty());
}

TEST_F(AzureBlobStoreTest, EachTryIsLimitedByWhatItAsksFor) {
  const std::chrono::seconds stall{3};
  AzureBlobStore azure(network_, parse_url("https://a.blob.core.windows.net/").value(), decoders_, clock_,
                       log_, stall);
  BlockingStore store(azure);
  const BlobVersion large{.container = "docs", .blob = "b", .etag = "\"0x8D\"", .size = 1ULL << 30U};
  (void)store.read(large, {0, 64U << 10U});
  (void)store.read(large, {0, 4U << 20U});
  (void)store.get_properties("docs", "b");
  (void)store.list_containers({});

  const auto sent = network_.requests();

  ASSERT_EQ(sent.size(), 4U);
  for (const auto& request : sent) {
    EXPECT_EQ(request.limits.stall, stall);
    EXPECT_GT(request.limits.total, stall);
  }
  EXPECT_EQ(sent[0].limits.total, stall + std::chrono::seconds{4});
  EXPECT_EQ(sent[1].limits.total, stall + std::chrono::seconds{256});
}

TEST_F(AzureBlobStoreTest, ASignInPageIsNotTakenForAListingOrABlob) {
  answer_ =
      HttpResponse{.status = 200, .headers = {{"Content-Type", "text/html"}}, .body = "<html>Sign in</html>"};

  for (const auto& error :
       {store_.list_containers({}).error(), store_.get_container("docs").error(),
        store_.list_blobs({.container = "docs", .prefix = {}, .delimiter = {}, .marker = {}}).error(),
        store_.get_properties("docs", "b").error(), store_.read(version, {0, 10}).error()}) {
    EXPECT_EQ(error.code, ErrorCode::corrupt);
    EXPECT_THAT(error.message, HasSubstr("the answer is not from Azure Blob Storage"));
  }
}

TEST_F(AzureBlobStoreTest, NamesThatNothingCanHaveAreNotAskedFor) {
  EXPECT_EQ(store_.get_container("").error().code, ErrorCode::not_found);
  EXPECT_EQ(store_.get_container(".Trash-1000").error().code, ErrorCode::not_found);
  EXPECT_EQ(store_.list_blobs({}).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_.get_properties("docs", "../other/secret").error().code, ErrorCode::not_found);
  EXPECT_EQ(store_.get_properties("docs", "").error().code, ErrorCode::not_found);
  EXPECT_EQ(store_.read({"docs", "..", "e", 1}, {0, 1}).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_.read(version, {5, 6}).error().code, ErrorCode::invalid_argument);

  EXPECT_TRUE(network_.requests().empty());
}

TEST_F(AzureBlobStoreTest, ARefusalIsLoggedOnceAndSoIsItsEnd) {
  answer_ = refusal(403, "AuthorizationPermissionMismatch");
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(store_.read(version, {0, 1}));
  EXPECT_FALSE(store_.get_properties("docs", "b"));
  answer_ = answer(206, head_of("bytes 0-0/10"), "x");
  EXPECT_TRUE(store_.read(version, {0, 1}));

  EXPECT_THAT(log_.lines_for_operators(),
              ElementsAre(testing::AllOf(HasSubstr("info requests fail"), HasSubstr("docs"),
                                         HasSubstr("Storage Blob Data Reader")),
                          HasSubstr("failed=11")));
}

}  // namespace
}  // namespace blobmount::tests
