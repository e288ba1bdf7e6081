#include "tree/listing.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_blob_store.hpp"
#include "fakes/manual_clock.hpp"
#include "support/blocking_store.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Call = tests::FakeBlobStore::Call;

class Listing : public testing::Test {
 protected:
  Result<DirectorySnapshot> list(const Location& directory) {
    return tests::outcome_of<DirectorySnapshot>(
        [&](auto done) { list_directory(store_, clock_, directory, std::move(done)); });
  }

  Result<std::vector<std::string>> names_in(const Location& directory) {
    BM_ASSIGN(snapshot, list(directory));
    std::vector<std::string> names;
    for (const auto& entry : snapshot.entries()) names.push_back(entry.name);
    return names;
  }

  tests::ManualClock clock_;
  tests::FakeBlobStore store_;
};

TEST_F(Listing, GoesToTheEndPageAfterPage) {
  for (const auto* name : {"a", "b", "c/d", "e", "f"}) store_.put("docs", name, "text");
  store_.limit_pages(2);

  const auto names = names_in({"docs", ""});

  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre("a", "b", "c", "e", "f"));
  EXPECT_EQ(store_.calls(Call::list_blobs), 3);
  EXPECT_EQ(store_.calls(), 3);
}

TEST_F(Listing, GoesOnBehindEmptyPages) {
  for (const auto* name : {"a", "b", "c"}) store_.put("docs", name, "text");
  store_.limit_pages(1);
  store_.put_empty_pages_between(3);

  const auto names = names_in({"docs", ""});

  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre("a", "b", "c"));
}

TEST_F(Listing, OfAPrefixShowsWhatIsBelowIt) {
  for (const auto* name : {"a/1", "a/2/3", "a-1", "a.txt", "b"}) store_.put("docs", name, "text");

  const auto names = names_in({"docs", "a/"});

  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre("1", "2"));
}

TEST_F(Listing, OfAnAccountShowsItsContainersToTheEnd) {
  for (const auto* name : {"one", "three", "two"}) store_.put_container(name);
  store_.limit_pages(1);

  const auto names = names_in({});

  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre("one", "three", "two"));
  EXPECT_EQ(store_.calls(Call::list_containers), 3);
}

TEST_F(Listing, OfNothingIsEmpty) {
  store_.put_container("docs");

  const auto names = names_in({"docs", "no/such/"});

  ASSERT_TRUE(names);
  EXPECT_THAT(*names, IsEmpty());
}

TEST_F(Listing, EndsWithTheErrorOfAnyPageAndSaysWhatWasListed) {
  for (const auto* name : {"a/1", "a/2", "a/3"}) store_.put("docs", name, "text");
  store_.limit_pages(1);
  store_.hold();
  std::optional<Result<DirectorySnapshot>> outcome;
  list_directory(store_, clock_, {"docs", "a/"}, tests::exactly_once<DirectorySnapshot>([&](auto snapshot) {
                   outcome = std::move(snapshot);
                 }));
  store_.fail_next(Call::list_blobs, {ErrorCode::throttled, "slow down"});  // the second page

  store_.release_one();
  store_.wait_for_held(1);
  store_.release();
  const auto later = list({"docs", ""});  // its answer comes after those

  ASSERT_TRUE(outcome);
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().code, ErrorCode::throttled);
  EXPECT_THAT(outcome->error().message, HasSubstr("list 'docs/a/'"));
  EXPECT_TRUE(later);
}

TEST_F(Listing, KnowsHowLongItTook) {
  store_.put("docs", "a", "text");
  const auto began = clock_.now();
  store_.hold();
  std::optional<Result<DirectorySnapshot>> outcome;
  list_directory(store_, clock_, {"docs", ""}, [&](auto snapshot) { outcome = std::move(snapshot); });
  store_.wait_for_held(1);

  clock_.advance(40s);
  store_.release();
  ASSERT_TRUE(list({"docs", ""}));

  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ((*outcome)->asked(), began);
  EXPECT_EQ((*outcome)->told(), began + 40s);
}

}  // namespace
}  // namespace blobmount
