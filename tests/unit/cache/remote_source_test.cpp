#include "cache/remote_source.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/exactly_once.hpp"
#include "fakes/synthetic_content.hpp"

namespace blobmount::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

SyntheticContent content_of_blob(const BlobVersion& version) {
  return SyntheticContent(SyntheticContent::seed_of(version.blob));
}

/// Reads are kept until the test gives their bytes, in pieces as it likes.
class ReadsByHand final : public BlobStore {
 public:
  struct Read {
    BlobVersion version;
    ByteRange range;
    OnPiece piece;
    Completion<void> done;
    std::uint64_t given = 0;
  };
  using SharedRead = std::shared_ptr<Read>;

  void end_all() {
    while (!reads.empty()) end(0, Error{ErrorCode::cancelled, "the end"});
  }

  /// The next `size` bytes; whether the rest is wanted.
  bool give(std::size_t index, std::uint64_t size) {
    const auto read = reads.at(index);
    std::vector<std::byte> bytes(size);
    content_of_blob(read->version).fill(read->range.offset + read->given, bytes);
    read->given += size;
    return read->piece(bytes);
  }
  void end(std::size_t index, Status outcome = {}) {
    const auto read = reads.at(index);
    reads.erase(reads.begin() + static_cast<std::ptrdiff_t>(index));
    read->done(std::move(outcome));
  }
  void complete(std::size_t index) {
    give(index, reads.at(index)->range.length - reads.at(index)->given);
    end(index);
  }
  [[nodiscard]] std::vector<ByteRange> ranges() const {
    std::vector<ByteRange> ranges;
    for (const auto& read : reads) ranges.push_back(read->range);
    return ranges;
  }

  void read(const BlobVersion& version, ByteRange range, OnPiece piece, Completion<void> done) override {
    if (refuses) return done(Error{ErrorCode::cancelled, "refused"});
    reads.push_back(
        std::make_shared<Read>(Read{version, range, std::move(piece), exactly_once(std::move(done)), 0}));
  }
  void list_containers(const ListContainersQuery&, Completion<ContainerPage>) override { FAIL(); }
  void get_container(const std::string&, Completion<ContainerProperties>) override { FAIL(); }
  void list_blobs(const ListBlobsQuery&, Completion<BlobPage>) override { FAIL(); }
  void get_properties(const std::string&, const std::string&, Completion<BlobProperties>) override { FAIL(); }

  std::vector<SharedRead> reads;
  bool refuses = false;  ///< each read fails at once, as when the network stops
};

class Wish final : public Fetch {
 public:
  Wish(const SharedVersion& version, PageRange pages, Urgency urgency)
      : Fetch(version, pages, memory_for(pages)), urgency_now(urgency) {}

  [[nodiscard]] Urgency urgency() const override { return urgency_now; }
  [[nodiscard]] bool wanted() const override { return wanted_now; }
  void arrived(std::size_t index) override {
    EXPECT_FALSE(outcome);
    const auto bytes = bytes_of({pages().first + index, 1}, version()->size);
    EXPECT_TRUE(content_of_blob(*version()).matches(bytes.offset, {buffers()[index].get(), bytes.length}));
    arrivals.push_back(index);
  }
  void ended(Status status) override {
    EXPECT_FALSE(outcome) << "a fetch ends once";
    outcome = std::move(status);
  }

  [[nodiscard]] bool complete() const { return outcome && *outcome && arrivals.size() == pages().count; }
  [[nodiscard]] bool failed(ErrorCode code) const {
    return outcome && !*outcome && outcome->error().code == code;
  }

  Urgency urgency_now;
  bool wanted_now = true;
  std::vector<std::size_t> arrivals;
  std::optional<Status> outcome;

 private:
  static std::vector<PageBuffer> memory_for(PageRange pages) {
    std::vector<PageBuffer> memory;
    while (memory.size() < pages.count) {
      memory.emplace_back(new std::byte[page_size], std::default_delete<std::byte[]>());
    }
    return memory;
  }
};

class RemoteSourceTest : public testing::Test {
 protected:
  ~RemoteSourceTest() override { store.end_all(); }

  RemoteSource& source_with(FetchLimits limits = {}) { return source_.emplace(store, limits); }

  std::shared_ptr<Wish> wish(PageRange pages, Urgency urgency = Urgency::waited_for) {
    return std::make_shared<Wish>(blob, pages, urgency);
  }

  const SharedVersion blob = std::make_shared<const BlobVersion>(
      BlobVersion{.container = "c", .blob = "blob", .etag = "\"1\"", .size = 100 * page_size + 77});
  ReadsByHand store;
  std::optional<RemoteSource> source_;
};

TEST_F(RemoteSourceTest, NeighboursAreOneReadInTheirOrder) {
  auto& source = source_with();
  const auto second = wish({2, 2});
  const auto first = wish({0, 2});
  const auto far = wish({10, 1});

  source.start({second, first, far});

  EXPECT_THAT(store.ranges(), ElementsAre(ByteRange{0, 4 * page_size}, ByteRange{10 * page_size, page_size}));
  store.complete(0);
  store.complete(0);
  EXPECT_TRUE(first->complete());
  EXPECT_TRUE(second->complete());
  EXPECT_TRUE(far->complete());
}

TEST_F(RemoteSourceTest, PagesOfDifferentVersionsAreNotJoined) {
  auto& source = source_with();
  const auto other = std::make_shared<const BlobVersion>(
      BlobVersion{.container = "c", .blob = "other", .etag = "\"1\"", .size = blob->size});

  source.start({wish({0, 1}), std::make_shared<Wish>(other, PageRange{1, 1}, Urgency::waited_for)});

  EXPECT_EQ(store.reads.size(), 2U);
}

TEST_F(RemoteSourceTest, PagesAreToldInOrderWhileTheReadGoesOn) {
  auto& source = source_with();
  const auto first = wish({0, 2});
  const auto second = wish({2, 1});
  source.start({first, second});

  store.give(0, page_size - 1);
  EXPECT_THAT(first->arrivals, IsEmpty());
  store.give(0, 2);
  EXPECT_THAT(first->arrivals, ElementsAre(0));
  store.give(0, page_size);
  EXPECT_TRUE(first->complete());
  EXPECT_THAT(second->arrivals, IsEmpty());
  store.complete(0);
  EXPECT_TRUE(second->complete());
}

TEST_F(RemoteSourceTest, PiecesOfAnySizeFillThePages) {
  for (const auto size : std::vector<std::uint64_t>{1U << 20U, page_size, page_size + 1, 16'377, 91}) {
    auto& source = source_with();
    const auto last = wish({95, 6});
    source.start({last});

    for (auto left = store.reads[0]->range.length; left > 0; left -= std::min(left, size)) {
      EXPECT_TRUE(store.give(0, std::min(left, size)));
    }
    store.end(0);

    EXPECT_TRUE(last->complete()) << size;
  }
}

TEST_F(RemoteSourceTest, AnErrorEndsWhatHasNotArrived) {
  auto& source = source_with();
  const auto first = wish({0, 1});
  const auto second = wish({1, 2});
  const auto third = wish({3, 1});
  source.start({first, second, third});

  store.give(0, 2 * page_size + 5);
  store.end(0, Error{ErrorCode::changed, "412"});

  EXPECT_TRUE(first->complete());
  EXPECT_THAT(second->arrivals, ElementsAre(0));
  EXPECT_TRUE(second->failed(ErrorCode::changed));
  EXPECT_THAT(third->arrivals, IsEmpty());
  EXPECT_TRUE(third->failed(ErrorCode::changed));
}

TEST_F(RemoteSourceTest, AReadThatNobodyWantsAnyMoreEndsInTheMiddle) {
  auto& source = source_with();
  const auto first = wish({0, 2});
  const auto second = wish({2, 2});
  source.start({first, second});

  second->wanted_now = false;
  EXPECT_TRUE(store.give(0, page_size)) << "one of them is wanted";
  first->wanted_now = false;
  EXPECT_FALSE(store.give(0, 10));
  store.end(0, Error{ErrorCode::cancelled, "nobody wants the rest"});

  EXPECT_TRUE(first->failed(ErrorCode::cancelled));
  EXPECT_TRUE(second->failed(ErrorCode::cancelled));
}

TEST_F(RemoteSourceTest, WhatIsUnwantedBeforeItsTurnIsNeverRead) {
  auto& source = source_with({.account = 1, .account_ahead = 1});
  source.start({wish({0, 1})});
  const auto waiting = wish({10, 1}, Urgency::ahead);
  source.start({waiting});

  waiting->wanted_now = false;
  source.reconsider();

  EXPECT_TRUE(waiting->failed(ErrorCode::cancelled));
  store.complete(0);
  EXPECT_THAT(store.reads, IsEmpty());
}

TEST_F(RemoteSourceTest, NoMoreIsUnderWayThanTheLimitsSayAndWhatEndsStartsWhatWaits) {
  auto& source = source_with({.account = 4, .account_ahead = 3, .blob = 4, .blob_ahead = 2});
  std::vector<std::shared_ptr<Wish>> wishes;
  for (std::uint64_t i = 0; i < 6; ++i) wishes.push_back(wish({2 * i, 1}, Urgency::ahead));
  for (std::uint64_t i = 6; i < 12; ++i) wishes.push_back(wish({2 * i, 1}, Urgency::waited_for));

  source.start({wishes.begin(), wishes.begin() + 6});
  EXPECT_EQ(store.reads.size(), 2U);
  source.start({wishes.begin() + 6, wishes.end()});
  EXPECT_EQ(store.reads.size(), 4U);
  EXPECT_EQ(store.reads.back()->range.offset, 14 * page_size);

  while (!store.reads.empty()) {
    store.complete(0);
    EXPECT_LE(store.reads.size(), 4U);
  }
  EXPECT_TRUE(std::ranges::all_of(wishes, [](const auto& wish) { return wish->complete(); }));
}

TEST_F(RemoteSourceTest, WhatBecomesUrgentOvertakes) {
  auto& source = source_with({.account = 2, .account_ahead = 1});
  const auto first = wish({0, 1}, Urgency::ahead);
  const auto second = wish({10, 1}, Urgency::ahead);
  const auto third = wish({20, 1}, Urgency::ahead);
  source.start({first, second, third});
  ASSERT_EQ(store.reads.size(), 1U);

  third->urgency_now = Urgency::waited_for;
  source.reconsider();

  EXPECT_EQ(store.reads.size(), 2U);
  EXPECT_EQ(store.reads.back()->range.offset, 20 * page_size);
}

TEST_F(RemoteSourceTest, WhereReadsFailAtOnceALongQueueIsNoDeepRecursion) {
  constexpr std::uint64_t many = 4'000;
  const auto huge =
      std::make_shared<const BlobVersion>(BlobVersion{"box", "huge", "\"1\"", 2 * many * page_size});
  auto& source = source_with({.account = 1, .account_ahead = 1});
  source.start({std::make_shared<Wish>(huge, PageRange{0, 1}, Urgency::waited_for)});
  std::vector<SharedFetch> queue;
  for (std::uint64_t i = 1; i < many; ++i) {
    queue.push_back(std::make_shared<Wish>(huge, PageRange{2 * i, 1}, Urgency::ahead));
  }
  source.start(queue);
  store.refuses = true;

  store.end_all();

  for (const auto& fetch : queue) ASSERT_TRUE(static_cast<const Wish&>(*fetch).failed(ErrorCode::cancelled));
}

}  // namespace
}  // namespace blobmount::tests
