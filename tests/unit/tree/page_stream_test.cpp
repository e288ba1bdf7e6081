#include "tree/page_stream.hpp"

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/exactly_once.hpp"
#include "fakes/manual_clock.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// Keeps the questions, for the test to answer by hand, and what it is given.
class ReaderByHand final : public PageReader<BlobPage> {
 public:
  struct Question {
    std::string marker;
    NextKnown next_known;
    Completion<BlobPage> done;
  };

  void ask(std::string marker, NextKnown next_known, Completion<BlobPage> done) override {
    asked.push_back(marker);
    questions.push_back({std::move(marker), std::move(next_known), std::move(done)});
  }
  bool wants_more() override { return wants; }
  void take(BlobPage page, SteadyTime at) override {
    taken.push_back(page.prefixes.empty() ? "" : page.prefixes.front());
    asked_at.push_back(at);
    if (on_take) on_take();
  }
  void ended(Status outcome) override {
    ends.push_back(outcome ? "complete" : std::string(name_of(outcome.error().code)));
  }

  /// The page for question `index` comes: it holds `name` and leads to `next`.
  void answer(std::size_t index, const std::string& name, const std::string& next) {
    auto done = std::exchange(questions.at(index).done, {});
    done(BlobPage{.prefixes = {name}, .next_marker = next});
  }
  void fail(std::size_t index, ErrorCode code) {
    auto done = std::exchange(questions.at(index).done, {});
    done(Error{code, "no page"});
  }
  void tell_next(std::size_t index, const std::string& marker) { questions.at(index).next_known(marker); }

  bool wants = true;
  std::function<void()> on_take;
  std::vector<Question> questions;
  std::vector<std::string> asked, taken, ends;
  std::vector<SteadyTime> asked_at;
};

class Stream : public testing::Test {
 protected:
  Stream() { stream_->start(); }
  ~Stream() override { reader_->questions.clear(); }  // they keep the stream alive, and that the reader

  tests::ManualClock clock_;
  const std::shared_ptr<ReaderByHand> reader_ = std::make_shared<ReaderByHand>();
  const std::shared_ptr<PageStream<BlobPage>> stream_ =
      std::make_shared<PageStream<BlobPage>>(reader_, clock_);
};

TEST_F(Stream, TakesPageAfterPageToTheEnd) {
  reader_->answer(0, "a", "1");
  reader_->answer(1, "b", "2");
  reader_->answer(2, "c", "");

  EXPECT_THAT(reader_->asked, ElementsAre("", "1", "2"));
  EXPECT_THAT(reader_->taken, ElementsAre("a", "b", "c"));
  EXPECT_THAT(reader_->ends, ElementsAre("complete"));
}

TEST_F(Stream, AsksForTheNextPageAsSoonAsItsMarkerIsKnown) {
  reader_->tell_next(0, "1");
  EXPECT_THAT(reader_->asked, ElementsAre("", "1"));
  reader_->tell_next(1, "2");
  EXPECT_THAT(reader_->asked, ElementsAre("", "1", "2"));

  EXPECT_THAT(reader_->taken, IsEmpty());
}

TEST_F(Stream, GoesOnWhereAPageNamesItselfAsTheNextForOnce) {
  reader_->answer(0, "a", "1");
  reader_->answer(1, "", "1");
  reader_->answer(2, "b", "");

  EXPECT_THAT(reader_->taken, ElementsAre("a", "", "b"));
  EXPECT_THAT(reader_->ends, ElementsAre("complete"));
}

TEST_F(Stream, EndsWhereAPageGoesOnNamingItself) {
  for (std::size_t i = 0; i < 100 && reader_->ends.empty(); ++i) reader_->answer(i, "a", "1");

  EXPECT_THAT(reader_->ends, ElementsAre("corrupt"));
}

TEST_F(Stream, AsksForNoPageTwice) {
  reader_->tell_next(0, "1");
  reader_->answer(0, "a", "1");
  reader_->tell_next(1, "2");
  stream_->resume();
  reader_->answer(1, "b", "2");
  stream_->resume();
  reader_->answer(2, "c", "");
  stream_->resume();

  EXPECT_THAT(reader_->asked, ElementsAre("", "1", "2"));
  EXPECT_THAT(reader_->ends, ElementsAre("complete"));
}

TEST_F(Stream, TakesInOrderWhatComesOutOfOrder) {
  reader_->tell_next(0, "1");
  reader_->tell_next(1, "2");

  reader_->answer(2, "c", "");
  reader_->answer(1, "b", "2");
  EXPECT_THAT(reader_->taken, IsEmpty());
  reader_->answer(0, "a", "1");

  EXPECT_THAT(reader_->taken, ElementsAre("a", "b", "c"));
  EXPECT_THAT(reader_->ends, ElementsAre("complete"));
}

TEST_F(Stream, SaysWhenEachPageWasAskedFor) {
  const auto began = clock_.now();
  clock_.advance(1s);
  reader_->tell_next(0, "1");
  clock_.advance(1s);
  reader_->answer(1, "b", "");
  reader_->answer(0, "a", "1");

  EXPECT_THAT(reader_->asked_at, ElementsAre(began, began + 1s));
}

TEST_F(Stream, StandsStillWhileNoMoreIsWantedAndGoesOnWhereItStood) {
  reader_->wants = false;
  reader_->answer(0, "a", "1");
  stream_->resume();
  EXPECT_THAT(reader_->asked, ElementsAre(""));
  EXPECT_THAT(reader_->taken, ElementsAre("a"));

  reader_->wants = true;
  stream_->resume();
  EXPECT_THAT(reader_->asked, ElementsAre("", "1"));
  stream_->resume();
  reader_->answer(1, "b", "");

  EXPECT_THAT(reader_->asked, ElementsAre("", "1"));
  EXPECT_THAT(reader_->taken, ElementsAre("a", "b"));
  EXPECT_THAT(reader_->ends, ElementsAre("complete"));
}

TEST_F(Stream, StandsStillAtAMarkerThatIsKnownBeforeItsPage) {
  reader_->wants = false;
  reader_->tell_next(0, "1");
  EXPECT_THAT(reader_->asked, ElementsAre(""));

  reader_->wants = true;
  reader_->answer(0, "a", "1");

  EXPECT_THAT(reader_->asked, ElementsAre("", "1"));
}

TEST_F(Stream, GoesOnWhereTakingAPageMakesRoom) {
  reader_->wants = false;
  reader_->on_take = [this] { reader_->wants = true; };

  reader_->answer(0, "a", "1");

  EXPECT_THAT(reader_->asked, ElementsAre("", "1"));
}

TEST_F(Stream, EndsOnceWithTheErrorOfAPage) {
  reader_->answer(0, "a", "1");
  reader_->fail(1, ErrorCode::throttled);
  stream_->resume();

  EXPECT_THAT(reader_->asked, ElementsAre("", "1"));
  EXPECT_THAT(reader_->taken, ElementsAre("a"));
  EXPECT_THAT(reader_->ends, ElementsAre("throttled"));
}

TEST_F(Stream, TakesNothingBehindAPageThatFailed) {
  reader_->tell_next(0, "1");
  reader_->answer(1, "b", "");
  EXPECT_THAT(reader_->ends, IsEmpty());

  reader_->fail(0, ErrorCode::unavailable);

  EXPECT_THAT(reader_->taken, IsEmpty());
  EXPECT_THAT(reader_->ends, ElementsAre("unavailable"));
}

TEST_F(Stream, AFailureWaitsItsTurn) {
  reader_->tell_next(0, "1");
  reader_->fail(1, ErrorCode::unavailable);
  EXPECT_THAT(reader_->ends, IsEmpty());

  reader_->answer(0, "a", "1");

  EXPECT_THAT(reader_->taken, ElementsAre("a"));
  EXPECT_THAT(reader_->ends, ElementsAre("unavailable"));
}

TEST_F(Stream, AsksForNothingMoreOnceItHasFailed) {
  reader_->tell_next(0, "1");
  reader_->fail(0, ErrorCode::unavailable);

  reader_->tell_next(1, "2");  // of the page that was under way

  EXPECT_THAT(reader_->asked, ElementsAre("", "1"));
}

TEST_F(Stream, CanBeAnsweredWhileItAsks) {
  reader_->on_take = [this] {
    if (reader_->questions.size() < 4) return;
    reader_->wants = false;
  };
  for (std::size_t i = 0; i < 3; ++i) reader_->answer(i, std::to_string(i), std::to_string(i + 1));
  reader_->answer(3, "3", "4");

  EXPECT_THAT(reader_->asked, ElementsAre("", "1", "2", "3"));
  EXPECT_THAT(reader_->taken, ElementsAre("0", "1", "2", "3"));
}

/// Answers each question at once, on the asking thread or on one of its own.
class BusyReader final : public PageReader<BlobPage> {
 public:
  BusyReader(int pages, bool own_threads) : pages_(pages), own_threads_(own_threads) {}
  ~BusyReader() override {
    for (auto& thread : threads_) thread.join();
  }

  void ask(std::string marker, NextKnown next_known, Completion<BlobPage> done) override {
    const int number = marker.empty() ? 0 : std::stoi(marker);
    const auto next = number + 1 < pages_ ? std::to_string(number + 1) : "";
    auto answer = [number, next, next_known = std::move(next_known), done = std::move(done)] {
      if (!next.empty()) next_known(next);
      done(BlobPage{.prefixes = {std::to_string(number)}, .next_marker = next});
    };
    if (!own_threads_) return answer();
    const MutexLock lock(mutex_);
    threads_.emplace_back(std::move(answer));
  }
  bool wants_more() override { return true; }
  void take(BlobPage page, SteadyTime) override { EXPECT_EQ(page.prefixes.front(), std::to_string(taken++)); }
  void ended(Status outcome) override {
    EXPECT_TRUE(outcome);
    EXPECT_EQ(taken, pages_);
    ended_.set_value();
  }
  void wait() { ended_.get_future().wait(); }

  int taken = 0;

 private:
  const int pages_;
  const bool own_threads_;
  std::promise<void> ended_;
  Mutex mutex_;
  std::vector<std::thread> threads_;
};

TEST(StreamOfManyPages, AreTakenInOrderWhereEachIsThereAtOnce) {
  tests::ManualClock clock;
  const auto reader = std::make_shared<BusyReader>(500, false);
  std::make_shared<PageStream<BlobPage>>(reader, clock)->start();

  reader->wait();

  EXPECT_EQ(reader->taken, 500);
}

TEST(StreamOfManyPages, AreTakenInOrderWhateverThreadTheyComeOn) {
  tests::ManualClock clock;
  BusyReader reader(100, true);
  {
    // the threads hold the stream; it must not be what holds the threads
    const std::shared_ptr<BusyReader> borrowed(&reader, [](BusyReader*) {});
    std::make_shared<PageStream<BlobPage>>(borrowed, clock)->start();
  }

  reader.wait();

  EXPECT_EQ(reader.taken, 100);
}

}  // namespace
}  // namespace blobmount
