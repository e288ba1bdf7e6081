#include "blob/range_download.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

using testing::HasSubstr;

class RangeDownloadTest : public testing::Test {
 protected:
  static HttpResponse partial(const std::string& content_range, const std::string& etag = "\"0x8D\"") {
    return {.status = 206,
            .headers = {{"x-ms-request-id", "1"}, {"ETag", etag}, {"Content-Range", content_range}},
            .body = {}};
  }

  static HttpResponse whole() {
    return {.status = 200, .headers = {{"x-ms-request-id", "1"}, {"ETag", "\"0x8D\""}}, .body = {}};
  }

  static Status append(RangeDownload& download, std::string_view text) {
    return download.append(std::as_bytes(std::span(text.data(), text.size())));
  }

  RangeDownload download_of(ByteRange range) {
    return {version_, range, [this](std::span<const std::byte> bytes) {
              taken_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
              return taken_.size() < enough_;
            }};
  }

  ErrorCode refusal_of(const HttpResponse& head, ByteRange range = {10, 5}) {
    auto download = download_of(range);
    const auto status = download.begin(head, range);
    return status ? ErrorCode::internal : status.error().code;
  }

  const BlobVersion version_{.container = "c", .blob = "b", .etag = "\"0x8D\"", .size = 100};
  std::string taken_;
  std::size_t enough_ = 1000;
};

TEST_F(RangeDownloadTest, TheRangeThatWasAskedForIsTaken) {
  auto download = download_of({10, 5});

  EXPECT_TRUE(download.begin(partial("bytes 10-14/100"), {10, 5}));
  EXPECT_TRUE(append(download, "ab"));
  EXPECT_TRUE(append(download, ""));
  EXPECT_TRUE(append(download, "cde"));

  EXPECT_TRUE(download.finish());
  EXPECT_EQ(download.received(), 5U);
  EXPECT_EQ(taken_, "abcde");
}

TEST_F(RangeDownloadTest, AnAnswerThatDoesNotFitCanBeFoundAgain) {
  auto download = download_of({10, 5});

  const auto status = download.begin(partial("bytes 10-14/100", "\"other\""), {10, 5});

  ASSERT_FALSE(status);
  ASSERT_TRUE(status.error().request);
  EXPECT_EQ(status.error().request->status, 206);
  EXPECT_EQ(status.error().request->id, "1");
}

TEST_F(RangeDownloadTest, ABrokenAnswerIsResumedAtTheByteReached) {
  auto download = download_of({10, 5});

  EXPECT_TRUE(download.begin(partial("bytes 10-14/100"), {10, 5}));
  EXPECT_TRUE(append(download, "ab"));
  EXPECT_TRUE(download.begin(partial("bytes 12-14/100"), {12, 3}));
  EXPECT_TRUE(append(download, "cde"));

  EXPECT_TRUE(download.finish());
  EXPECT_EQ(taken_, "abcde");
}

TEST_F(RangeDownloadTest, ATryThatDoesNotResumeAtTheByteReachedIsRefused) {
  auto download = download_of({10, 5});
  EXPECT_TRUE(download.begin(partial("bytes 10-14/100"), {10, 5}));
  EXPECT_TRUE(append(download, "ab"));

  for (const auto range : {ByteRange{10, 5}, ByteRange{13, 2}, ByteRange{12, 4}}) {
    const auto status = download.begin(partial("bytes 12-14/100"), range);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::internal);
  }
}

TEST_F(RangeDownloadTest, AnotherVersionIsAnErrorNotAMixture) {
  auto download = download_of({10, 5});
  EXPECT_TRUE(download.begin(partial("bytes 10-14/100"), {10, 5}));
  EXPECT_TRUE(append(download, "ab"));

  const auto status = download.begin(partial("bytes 12-14/100", "\"0x9E\""), {12, 3});

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::changed);
}

TEST_F(RangeDownloadTest, AnotherRangeOrTotalIsCorrupt) {
  for (const auto* content_range : {"", "bytes 0-4/100", "bytes 10-13/100", "bytes 10-15/100",
                                    "bytes 10-14/101", "bytes 10-14/*", "bytes */100", "nonsense"}) {
    EXPECT_EQ(refusal_of(partial(content_range)), ErrorCode::corrupt) << content_range;
  }
}

TEST_F(RangeDownloadTest, AWholeBlobIsTakenOnlyWhereItWasAskedFor) {
  auto download = download_of({0, 100});

  EXPECT_TRUE(download.begin(whole(), {0, 100}));
  EXPECT_EQ(refusal_of(whole(), {10, 5}), ErrorCode::corrupt);
  EXPECT_EQ(refusal_of(whole(), {0, 99}), ErrorCode::corrupt);
}

TEST_F(RangeDownloadTest, AContentLengthThatDoesNotFitIsCorrupt) {
  for (const auto* length : {"4", "6", "", "five"}) {
    auto head = partial("bytes 10-14/100");
    head.headers.set("Content-Length", length);
    EXPECT_EQ(refusal_of(head), ErrorCode::corrupt) << length;
  }
}

TEST_F(RangeDownloadTest, AnAnswerWithoutETagIsCorrupt) {
  EXPECT_EQ(refusal_of(partial("bytes 10-14/100", "")), ErrorCode::corrupt);
}

TEST_F(RangeDownloadTest, AStrangersAnswerIsSaidToBeOne) {
  auto download = download_of({0, 100});

  const auto status =
      download.begin({.status = 200, .headers = {{"Content-Type", "text/html"}}, .body = {}}, {0, 100});

  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("the answer is not from Azure Blob Storage"));
}

TEST_F(RangeDownloadTest, MoreThanWasAskedForIsRefusedAndNotTaken) {
  auto download = download_of({10, 5});
  EXPECT_TRUE(download.begin(partial("bytes 10-14/100"), {10, 5}));
  EXPECT_TRUE(append(download, "abcd"));

  const auto status = append(download, "ef");

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::corrupt);
  EXPECT_EQ(taken_, "abcd");
}

TEST_F(RangeDownloadTest, WhatNobodyWantsAnyMoreEndsAtOnceAndForGood) {
  auto download = download_of({10, 5});
  enough_ = 2;
  EXPECT_TRUE(download.begin(partial("bytes 10-14/100"), {10, 5}));
  EXPECT_TRUE(append(download, "a"));

  for (const auto& status : {append(download, "b"), append(download, "c"),
                             download.begin(partial("bytes 12-14/100"), {12, 3}), download.finish()}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::cancelled);
  }
  EXPECT_EQ(taken_, "ab");
}

TEST_F(RangeDownloadTest, WhetherTheRestIsWantedCanBeAsked) {
  auto download = download_of({10, 5});
  EXPECT_TRUE(download.wanted());
  EXPECT_TRUE(append(download, "ab"));
  EXPECT_TRUE(download.wanted());

  enough_ = 2;

  EXPECT_FALSE(download.wanted());
  enough_ = 1000;
  EXPECT_FALSE(download.wanted()) << "for good";
  EXPECT_EQ(download.received(), 2U);
  EXPECT_FALSE(append(download, "c"));
  EXPECT_EQ(taken_, "ab");
}

TEST_F(RangeDownloadTest, LessThanWasAskedForIsCorruptNotFilledUp) {
  auto download = download_of({10, 5});
  EXPECT_TRUE(download.begin(partial("bytes 10-14/100"), {10, 5}));
  EXPECT_TRUE(append(download, "abcd"));

  const auto status = download.finish();

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::corrupt);
  EXPECT_THAT(status.error().message, HasSubstr("got 4 of 5 bytes"));
}

}  // namespace
}  // namespace blobmount::tests
