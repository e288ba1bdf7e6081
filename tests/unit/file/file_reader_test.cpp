#include "file/file_reader.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_budget.hpp"
#include "cache/memory_tier.hpp"
#include "cache/remote_source.hpp"
#include "fakes/exactly_once.hpp"
#include "fakes/fake_blob_store.hpp"
#include "support/blocking_store.hpp"

namespace blobmount {
namespace {

using Call = tests::FakeBlobStore::Call;

constexpr std::uint64_t mib = 1ULL << 20U;

class FileReaderTest : public testing::Test {
 protected:
  ~FileReaderTest() override { store_.release(); }

  SharedVersion put(const std::string& text) {
    const auto blob = store_.put("docs", "file", text);
    return std::make_shared<const BlobVersion>(BlobVersion{"docs", "file", blob.etag, blob.size});
  }
  std::unique_ptr<FileReader> open(SharedVersion version) {
    return std::make_unique<FileReader>(memory_.open(version), version, nullptr, [this] { ++gone_; });
  }
  std::unique_ptr<FileReader> file_of(const std::string& text) { return open(put(text)); }

  static std::string text_of(const Bytes& bytes) {
    std::string text;
    for (const auto& piece : bytes.pieces)
      text.append(reinterpret_cast<const char*>(piece.data.get()), piece.size);
    return text;
  }
  static Result<std::string> read(FileReader& file, std::uint64_t offset, std::size_t size) {
    BM_ASSIGN(bytes, tests::outcome_of<Bytes>([&](auto done) { file.read(offset, size, std::move(done)); }));
    return text_of(bytes);
  }
  /// Repeats itself after a prime number of bytes: what stands in a wrong place is wrong.
  static std::string long_text(std::uint64_t size) {
    std::string period, text;
    for (int i = 0; period.size() < 100'003; ++i) period += std::to_string(i) + ' ';
    period.resize(100'003);
    while (text.size() < size) text += period;
    text.resize(size);
    return text;
  }

  std::atomic<int> gone_{0};
  MemoryBudget budget_{64 * mib};
  tests::FakeBlobStore store_{tests::FakeBlobStore::Delivery::at_once};
  RemoteSource remote_{store_};
  MemoryTier memory_{remote_, budget_};
};

TEST_F(FileReaderTest, ASmallFileComesWholeWithItsFirstRead) {
  const auto file = file_of("hello world");

  EXPECT_EQ(read(*file, 6, 5).value(), "world");
  EXPECT_EQ(read(*file, 0, 5).value(), "hello");
  EXPECT_EQ(store_.calls(Call::read), 1);
}

TEST_F(FileReaderTest, ASmallFileOfManyPagesComesInOneRequestWhereverItIsReadFirst) {
  const auto text = long_text(mib);
  const auto file = file_of(text);

  EXPECT_EQ(read(*file, 500'000, 10).value(), text.substr(500'000, 10));
  EXPECT_TRUE(read(*file, 0, text.size()).value() == text);
  EXPECT_EQ(store_.calls(Call::read), 1);
}

TEST_F(FileReaderTest, OfALargeFileARandomReadFetchesItsPageOnly) {
  const auto text = long_text(4 * mib);
  const auto version = put(text);

  EXPECT_EQ(read(*open(version), 2 * mib + 100, 10).value(), text.substr(2 * mib + 100, 10));

  const auto reader = memory_.open(version);
  EXPECT_EQ(reader->presence({2 * mib - 1, 1}), Presence::missing);
  EXPECT_EQ(reader->presence({2 * mib, page_size}), Presence::here);
  EXPECT_EQ(reader->presence({2 * mib + page_size, 1}), Presence::missing);
}

TEST_F(FileReaderTest, WhoBeginsAtTheBeginningFindsTheNextMebibyteThere) {
  const auto version = put(long_text(4 * mib));

  ASSERT_TRUE(read(*open(version), 0, 4096));

  const auto reader = memory_.open(version);
  EXPECT_EQ(reader->presence({0, mib}), Presence::here);
  EXPECT_EQ(reader->presence({mib, 1}), Presence::missing);
  EXPECT_EQ(store_.calls(Call::read), 1);
}

TEST_F(FileReaderTest, ReadsALongFileFromItsBeginningToItsEndInFewRequests) {
  const auto text = long_text(8 * mib + 12'345);
  const auto file = file_of(text);

  std::string all;
  for (std::uint64_t offset = 0; offset < text.size(); offset += 128 * 1024) {
    const auto part = read(*file, offset, 128 * 1024);
    ASSERT_TRUE(part);
    all += *part;
  }

  EXPECT_TRUE(all == text);
  EXPECT_LE(store_.calls(Call::read), 15);
}

TEST_F(FileReaderTest, ReadsNoFurtherThanToTheEnd) {
  const auto file = file_of("hello");

  EXPECT_EQ(read(*file, 0, 4096).value(), "hello");
  EXPECT_EQ(read(*file, 4, 4096).value(), "o");
}

TEST_F(FileReaderTest, AtTheEndAndBehindItThereIsNothingAndNothingIsAskedFor) {
  const auto file = file_of("hello");

  for (const std::uint64_t offset : {5ULL, 6ULL, 1ULL << 40U, ~0ULL})
    EXPECT_EQ(read(*file, offset, 4096).value(), "");
  EXPECT_EQ(read(*file, 0, 0).value(), "");
  EXPECT_EQ(store_.calls(), 0);
}

TEST_F(FileReaderTest, AnEmptyFileIsReadWithNoRequest) {
  const auto file = file_of("");

  EXPECT_EQ(read(*file, 0, 4096).value(), "");
  EXPECT_EQ(store_.calls(), 0);
}

TEST_F(FileReaderTest, AReadAcrossPagesIsPutTogether) {
  const auto text = long_text(200'000);
  const auto file = file_of(text);

  EXPECT_EQ(read(*file, 0, text.size()).value(), text);
  EXPECT_EQ(read(*file, 12'345, 167'890).value(), text.substr(12'345, 167'890));
}

TEST_F(FileReaderTest, WhatWasReadStaysForTheNextWhoOpensTheFile) {
  const auto version = put("hello");
  EXPECT_EQ(read(*open(version), 0, 5).value(), "hello");

  EXPECT_EQ(read(*open(version), 0, 5).value(), "hello");

  EXPECT_EQ(store_.calls(Call::read), 1);
}

TEST_F(FileReaderTest, TellsWhenTheBlobHasChanged) {
  const auto file = file_of("hello");
  put("another");

  const auto bytes = read(*file, 0, 5);

  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::changed);
  EXPECT_EQ(gone_, 1);
}

TEST_F(FileReaderTest, TellsWhenTheBlobWasDeleted) {
  const auto file = file_of("hello");
  store_.remove("docs", "file");

  const auto bytes = read(*file, 0, 5);

  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::not_found);
  EXPECT_EQ(gone_, 1);
}

TEST_F(FileReaderTest, OtherFailuresAreReportedAndTheNextReadTriesAgain) {
  const auto file = file_of("hello");
  store_.fail_next(Call::read, {ErrorCode::permission_denied, "no role"});

  const auto failed = read(*file, 0, 5);

  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::permission_denied);
  EXPECT_EQ(gone_, 0);
  EXPECT_EQ(read(*file, 0, 5).value(), "hello");
}

TEST_F(FileReaderTest, MayGoWhileAReadIsUnderWay) {
  auto file = file_of("hello");
  store_.hold();
  std::promise<Result<Bytes>> promise;
  file->read(0, 5, tests::exactly_once<Bytes>([&](auto bytes) { promise.set_value(std::move(bytes)); }));
  file.reset();

  store_.release();

  EXPECT_EQ(text_of(promise.get_future().get().value()), "hello");
}

TEST_F(FileReaderTest, GoesOnWithoutReadingAheadWhereMemoryIsScarce) {
  const auto text = long_text(20 * mib);
  const auto file = file_of(text);
  const MemoryBudget::Charge listings(budget_, 62 * mib);

  for (std::uint64_t offset = 0; offset < text.size(); offset += mib)
    ASSERT_TRUE(read(*file, offset, mib).value() == text.substr(offset, mib)) << offset;
}

}  // namespace
}  // namespace blobmount
