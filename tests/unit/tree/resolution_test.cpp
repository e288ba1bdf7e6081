#include "tree/resolution.hpp"

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_blob_store.hpp"
#include "support/blocking_store.hpp"

namespace blobmount {
namespace {

using testing::HasSubstr;
using Call = tests::FakeBlobStore::Call;

const Location docs{"docs", ""};

class Resolving : public testing::Test {
 protected:
  Result<Resolved> resolve(const Location& directory, const std::string& name) {
    return tests::outcome_of<Resolved>(
        [&](auto done) { resolve_name(store_, directory, name, std::move(done)); });
  }
  Result<Resolved> resolve_as_blob(const Location& directory, const std::string& name) {
    return tests::outcome_of<Resolved>(
        [&](auto done) { resolve_blob(store_, directory, name, std::move(done)); });
  }

  /// "file", "directory", "nothing" or the error's code.
  static std::string kind_in(const Result<Resolved>& resolved) {
    if (!resolved) return std::string(name_of(resolved.error().code));
    if (!resolved->entry) return "nothing";
    return resolved->entry->kind == FileKind::file ? "file" : "directory";
  }
  std::string kind_of(const std::string& name, const Location& directory = docs) {
    return kind_in(resolve(directory, name));
  }

  tests::FakeBlobStore store_;
};

TEST_F(Resolving, FindsAFileWithAllThatIsKnownOfIt) {
  const auto blob = store_.put("docs", "a/text", "hello");

  const auto resolved = resolve({"docs", "a/"}, "text");

  ASSERT_TRUE(resolved && resolved->entry && resolved->details);
  EXPECT_EQ(*resolved->entry, (KnownEntry{"text", FileKind::file, 5, blob.last_modified, blob.etag}));
  EXPECT_EQ(*resolved->details, blob.details);
}

TEST_F(Resolving, FindsADirectoryByWhatIsBelowIt) {
  store_.put("docs", "a/b/c", "hello");

  EXPECT_EQ(kind_of("a"), "directory");
  EXPECT_EQ(kind_of("b", {"docs", "a/"}), "directory");
}

TEST_F(Resolving, IsNotMisledByNamesThatSortBeforeTheSlash) {
  store_.put("docs", "A-1", "text");
  store_.put("docs", "A.txt", "text");
  EXPECT_EQ(kind_of("A"), "nothing");

  store_.put("docs", "A/below", "text");
  EXPECT_EQ(kind_of("A"), "directory");
}

TEST_F(Resolving, LetsADirectoryWinOverABlobOfTheSameName) {
  store_.put("docs", "a", "a blob");
  store_.put("docs", "a/b", "and what is below");

  EXPECT_EQ(kind_of("a"), "directory");
}

TEST_F(Resolving, TakesMarkersForDirectoriesWithTheirTime) {
  const auto by_metadata = store_.put("docs", "a", "", {.is_directory_marker = true});
  const auto by_name = store_.put("docs", "b/", "");

  const auto a = resolve(docs, "a");
  const auto b = resolve(docs, "b");

  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->entry, directory_entry("a", by_metadata.last_modified));
  EXPECT_EQ(b->entry, directory_entry("b", by_name.last_modified));
}

TEST_F(Resolving, GivesADirectoryTheTimeOfItsMarkerEvenWhereThereIsMoreBelow) {
  const auto marker = store_.put("docs", "a", "", {.is_directory_marker = true});
  store_.put("docs", "a/b", "text");

  const auto entry = resolve(docs, "a");

  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->entry, directory_entry("a", marker.last_modified));
}

TEST_F(Resolving, FindsNothingWhereThereIsNothing) {
  store_.put("docs", "abc", "text");

  EXPECT_EQ(kind_of("a"), "nothing");
  EXPECT_EQ(kind_of("a", {"no-such-container", ""}), "nothing");
}

TEST_F(Resolving, AsksBothQuestionsBeforeEitherIsAnswered) {
  store_.put("docs", "a", "text");
  store_.hold();
  std::optional<Result<Resolved>> outcome;
  resolve_name(store_, docs, "a",
               tests::exactly_once<Resolved>([&](auto entry) { outcome = std::move(entry); }));

  store_.wait_for_held(2);
  EXPECT_EQ(store_.calls(Call::get_properties), 1);
  EXPECT_EQ(store_.calls(Call::list_blobs), 1);

  store_.release();
  EXPECT_EQ(kind_of("a"), "file");  // its answer comes after those
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(*outcome);
}

TEST_F(Resolving, CostsTwoRequests) {
  store_.put("docs", "a", "text");

  EXPECT_EQ(kind_of("a"), "file");

  EXPECT_EQ(store_.calls(), 2);
}

TEST_F(Resolving, GoesOnBehindAnEmptyPage) {
  store_.put("docs", "a/b", "text");
  store_.put_empty_pages_between(3);

  EXPECT_EQ(kind_of("a"), "directory");
}

TEST_F(Resolving, OfANameThatTheServiceRefusesFindsNothing) {
  for (const auto code : {ErrorCode::invalid_argument, ErrorCode::name_too_long, ErrorCode::not_found}) {
    store_.put_container("docs");
    store_.fail_next(Call::get_properties, {code, "no such name"});
    EXPECT_EQ(kind_of("a"), "nothing");
  }
}

TEST_F(Resolving, DoesNotTakeAFailureForAbsence) {
  store_.put_container("docs");
  for (const auto call : {Call::get_properties, Call::list_blobs}) {
    store_.fail_next(call, {ErrorCode::permission_denied, "no role"});
    const auto entry = resolve(docs, "a");
    ASSERT_FALSE(entry);
    EXPECT_EQ(entry.error().code, ErrorCode::permission_denied);
    EXPECT_THAT(entry.error().message, HasSubstr("look up 'docs/a'"));
  }
}

TEST_F(Resolving, FindsADirectoryThoughTheBlobCannotBeLookedAt) {
  store_.put("docs", "a/b", "text");
  store_.fail_next(Call::get_properties, {ErrorCode::unavailable, "try later"});

  EXPECT_EQ(kind_of("a"), "directory");
}

TEST_F(Resolving, DoesNotTakeADirectoryForAFileWhileItCannotBeListed) {
  store_.put("docs", "a", "text");
  store_.put("docs", "a/b", "text");
  store_.fail_next(Call::list_blobs, {ErrorCode::unavailable, "try later"});

  const auto entry = resolve(docs, "a");

  ASSERT_FALSE(entry);
  EXPECT_EQ(entry.error().code, ErrorCode::unavailable);
}

TEST_F(Resolving, OfAContainerAsksForThatContainerOnly) {
  store_.put_container("docs");

  EXPECT_EQ(kind_of("docs", {}), "directory");
  EXPECT_EQ(kind_of("else", {}), "nothing");
  EXPECT_EQ(store_.calls(Call::get_container), 2);
  EXPECT_EQ(store_.calls(), 2);
}

TEST_F(Resolving, OfAContainerReportsFailures) {
  store_.fail_next(Call::get_container, {ErrorCode::permission_denied, "no role"});

  const auto entry = resolve({}, "docs");

  ASSERT_FALSE(entry);
  EXPECT_EQ(entry.error().code, ErrorCode::permission_denied);
  EXPECT_THAT(entry.error().message, HasSubstr("look up container 'docs'"));
}

TEST_F(Resolving, KnowsThatABlobIsArchived) {
  store_.put("docs", "a", "text", {.access_tier = "Archive"});

  const auto resolved = resolve(docs, "a");

  ASSERT_TRUE(resolved && resolved->entry && resolved->details);
  EXPECT_TRUE(resolved->entry->archived);
  EXPECT_TRUE(resolved->details->archived());
}

TEST_F(Resolving, WhereOneMayReadAndNotListABlobIsAFile) {
  store_.put("docs", "a", "text");
  store_.fail_next(Call::list_blobs, {ErrorCode::permission_denied, "no role"});

  EXPECT_EQ(kind_of("a"), "file");
}

TEST_F(Resolving, OfWhatWasABlobAsksForThatBlobOnly) {
  const auto blob = store_.put("docs", "a", "text");

  const auto resolved = resolve_as_blob(docs, "a");

  ASSERT_TRUE(resolved && resolved->entry && resolved->details);
  EXPECT_EQ(*resolved->entry, (KnownEntry{"a", FileKind::file, 4, blob.last_modified, blob.etag}));
  EXPECT_EQ(store_.calls(Call::get_properties), 1);
  EXPECT_EQ(store_.calls(), 1);
}

TEST_F(Resolving, OfWhatWasABlobFindsWhatItHasBecome) {
  store_.put("docs", "below/b", "text");
  const auto marker = store_.put("docs", "marker", "", {.is_directory_marker = true});

  EXPECT_EQ(kind_in(resolve_as_blob(docs, "gone")), "nothing");
  EXPECT_EQ(kind_in(resolve_as_blob(docs, "below")), "directory");
  const auto directory = resolve_as_blob(docs, "marker");
  ASSERT_TRUE(directory);
  EXPECT_EQ(directory->entry, directory_entry("marker", marker.last_modified));
}

TEST_F(Resolving, OfWhatWasABlobDoesNotTakeAFailureForAbsence) {
  store_.put("docs", "a", "text");
  store_.fail_next(Call::get_properties, {ErrorCode::permission_denied, "no role"});

  const auto resolved = resolve_as_blob({"docs", "d/"}, "a");

  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().code, ErrorCode::permission_denied);
  EXPECT_THAT(resolved.error().message, HasSubstr("look up 'docs/d/a'"));
  EXPECT_EQ(store_.calls(), 1);
}

}  // namespace
}  // namespace blobmount
