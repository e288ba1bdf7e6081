#include "file/remote_file.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_blob_store.hpp"
#include "support/blocking_store.hpp"

namespace blobmount {
namespace {

using Call = tests::FakeBlobStore::Call;

class RemoteFileTest : public testing::Test {
 protected:
  RemoteFile file_of(const std::string& text) {
    const auto blob = store_.put("docs", "file", text);
    return {store_, {"docs", "file", blob.etag, blob.size}, [this] { ++gone_; }};
  }

  static Result<std::string> read(RemoteFile& file, std::uint64_t offset, std::size_t size) {
    BM_ASSIGN(bytes, tests::outcome_of<Bytes>([&](auto done) { file.read(offset, size, std::move(done)); }));
    return std::string(reinterpret_cast<const char*>(bytes.data.get()), bytes.size);
  }

  std::atomic<int> gone_{0};
  tests::FakeBlobStore store_;
};

TEST_F(RemoteFileTest, ReadsWhatIsAskedForInOneRequest) {
  auto file = file_of("hello world");

  EXPECT_EQ(read(file, 0, 5).value(), "hello");
  EXPECT_EQ(read(file, 6, 5).value(), "world");
  EXPECT_EQ(store_.calls(Call::read), 2);
}

TEST_F(RemoteFileTest, ReadsNoFurtherThanToTheEnd) {
  auto file = file_of("hello");

  EXPECT_EQ(read(file, 0, 4096).value(), "hello");
  EXPECT_EQ(read(file, 4, 4096).value(), "o");
}

TEST_F(RemoteFileTest, AtTheEndAndBehindItThereIsNothingAndNothingIsAskedFor) {
  auto file = file_of("hello");

  for (const std::uint64_t offset : {5ULL, 6ULL, 1ULL << 40U, ~0ULL})
    EXPECT_EQ(read(file, offset, 4096).value(), "");
  EXPECT_EQ(read(file, 0, 0).value(), "");
  EXPECT_EQ(store_.calls(), 0);
}

TEST_F(RemoteFileTest, AnEmptyFileIsReadWithNoRequest) {
  auto file = file_of("");

  EXPECT_EQ(read(file, 0, 4096).value(), "");
  EXPECT_EQ(store_.calls(), 0);
}

TEST_F(RemoteFileTest, PutsThePiecesTogether) {
  std::string text;  // longer than the fake's pieces
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i);
  auto file = file_of(text);

  EXPECT_EQ(read(file, 0, text.size()).value(), text);
  EXPECT_EQ(read(file, 12'345, 67'890).value(), text.substr(12'345, 67'890));
}

TEST_F(RemoteFileTest, TellsWhenTheBlobHasChanged) {
  auto file = file_of("hello");
  file_of("another");

  const auto bytes = read(file, 0, 5);

  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::changed);
  EXPECT_EQ(gone_, 1);
}

TEST_F(RemoteFileTest, TellsWhenTheBlobWasDeleted) {
  auto file = file_of("hello");
  store_.remove("docs", "file");

  const auto bytes = read(file, 0, 5);

  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::not_found);
  EXPECT_EQ(gone_, 1);
}

TEST_F(RemoteFileTest, OtherFailuresAreReportedAndTheNextReadTriesAgain) {
  auto file = file_of("hello");
  store_.fail_next(Call::read, {ErrorCode::unavailable, "try later"});

  const auto failed = read(file, 0, 5);

  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
  EXPECT_EQ(gone_, 0);
  EXPECT_EQ(read(file, 0, 5).value(), "hello");
}

TEST_F(RemoteFileTest, MayGoWhileAReadIsUnderWay) {
  store_.hold();
  std::optional<RemoteFile> file(
      std::in_place, store_, BlobVersion{"docs", "file", store_.put("docs", "file", "hello").etag, 5}, [] {});
  std::promise<Result<Bytes>> promise;
  file->read(0, 5, tests::exactly_once<Bytes>([&](auto bytes) { promise.set_value(std::move(bytes)); }));
  file.reset();

  store_.release();

  const auto bytes = promise.get_future().get();
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->size, 5U);
}

}  // namespace
}  // namespace blobmount
