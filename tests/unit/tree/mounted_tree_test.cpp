#include "tree/mounted_tree.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/memory_budget.hpp"
#include "cache/memory_tier.hpp"
#include "cache/remote_source.hpp"
#include "fakes/fake_blob_store.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "support/blocking_store.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Call = tests::FakeBlobStore::Call;
using SharedFile = std::shared_ptr<OpenFile>;
using SharedDirectory = std::shared_ptr<OpenDirectory>;

/// A mount of the container "docs", or of what a test says. Answers come at once, or when they are released.
class Tree : public testing::Test {
 protected:
  void mount(const TreeConfig& config, const std::string& container = "docs",
             const std::string& prefix = "") {
    tree_ = std::make_unique<MountedTree>(store_, memory_, clock_, log_, config,
                                          MountSource{"account", {}, container, prefix});
  }
  void SetUp() override {
    store_.put_container("docs");
    mount({});
  }

  Result<Lookup> look_up(const std::string& name, InodeId parent = root_inode) {
    return tests::outcome_of<Lookup>([&](auto done) { tree_->look_up(parent, name, std::move(done)); });
  }
  /// The attributes of what is found; the test fails where nothing is.
  Attributes attributes_at(const std::string& name, InodeId parent = root_inode) {
    const auto found = look_up(name, parent);
    EXPECT_TRUE(found && found->entry) << name;
    return found && found->entry ? found->entry->attributes : Attributes{};
  }
  InodeId inode_of(const std::string& name, InodeId parent = root_inode) {
    return attributes_at(name, parent).inode;
  }
  Result<SharedFile> open(InodeId inode) {
    return tests::outcome_of<SharedFile>([&](auto done) { tree_->open(inode, std::move(done)); });
  }
  Result<SharedDirectory> open_directory(InodeId inode = root_inode) {
    return tests::outcome_of<SharedDirectory>(
        [&](auto done) { tree_->open_directory(inode, std::move(done)); });
  }
  static Result<std::string> read(OpenFile& file) {
    BM_ASSIGN(bytes, tests::outcome_of<Bytes>([&](auto done) { file.read(0, 1024, std::move(done)); }));
    std::string text;
    for (const auto& piece : bytes.pieces)
      text.append(reinterpret_cast<const char*>(piece.data.get()), piece.size);
    return text;
  }
  /// As the kernel does: look up, open, and both again where open says ESTALE.
  Result<SharedFile> open_path(const std::string& name) {
    for (int tries = 0;; ++tries) {
      BM_ASSIGN(found, look_up(name));
      if (!found.entry) return Error{ErrorCode::not_found, name};
      auto file = open(found.entry->attributes.inode);
      if (file || file.error().code != ErrorCode::changed || tries > 0) return file;
    }
  }
  static std::vector<std::string> names_in(OpenDirectory& directory) {
    std::vector<std::string> names;
    for (std::size_t i = 0;; ++i) {
      const auto count = tests::outcome_of<std::size_t>([&](auto done) { directory.wait_for(i, done); });
      if (!count || i >= *count) return names;
      if (const auto item = directory.item(i); !item.name.empty()) names.emplace_back(item.name);
    }
  }
  template <typename T>
  static ErrorCode code_of(const Result<T>& result) {
    EXPECT_FALSE(result);
    return result ? ErrorCode::internal : result.error().code;
  }

  tests::ManualClock clock_;
  tests::RecordingLog log_;
  tests::FakeBlobStore store_{tests::FakeBlobStore::Delivery::at_once};
  MemoryBudget budget_{16 << 20U};
  RemoteSource remote_{store_};
  MemoryTier memory_{remote_, budget_};
  std::unique_ptr<MountedTree> tree_;
};

TEST_F(Tree, ShowsABlobAsAFile) {
  const auto blob = store_.put("docs", "a/text", "hello");

  const auto directory = attributes_at("a");
  const auto file = attributes_at("text", directory.inode);

  EXPECT_EQ(directory.kind, FileKind::directory);
  EXPECT_EQ(file.kind, FileKind::file);
  EXPECT_EQ(file.size, 5U);
  EXPECT_EQ(file.modified, blob.last_modified);
  const auto again = tree_->attributes(file.inode);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->number, file.number);
  EXPECT_EQ(again->size, 5U);
}

TEST_F(Tree, ReadsAFile) {
  store_.put("docs", "text", "hello");

  const auto file = open(inode_of("text"));

  ASSERT_TRUE(file);
  EXPECT_EQ(read(**file).value(), "hello");
}

TEST_F(Tree, OfAnAccountShowsContainersAsDirectories) {
  store_.put("docs", "text", "hello");
  store_.put_container("photos");
  mount({}, "");

  const auto root = open_directory();
  ASSERT_TRUE(root);
  EXPECT_THAT(names_in(**root), ElementsAre("docs", "photos"));
  const auto file = open(inode_of("text", inode_of("docs")));
  ASSERT_TRUE(file);
  EXPECT_EQ(read(**file).value(), "hello");
}

TEST_F(Tree, OfAPrefixShowsWhatIsBelowIt) {
  store_.put("docs", "a/b/text", "hello");
  store_.put("docs", "a/else", "");
  mount({}, "docs", "a/b/");

  const auto root = open_directory();
  ASSERT_TRUE(root);
  EXPECT_THAT(names_in(**root), ElementsAre("text"));
  EXPECT_EQ(attributes_at("text").size, 5U);
}

TEST_F(Tree, SaysThatANameIsAbsentAndForHowLong) {
  const auto absent = look_up("absent");
  ASSERT_TRUE(absent);
  EXPECT_FALSE(absent->entry);
  EXPECT_EQ(absent->absent_for, 1s);

  clock_.advance(700ms);
  EXPECT_EQ(look_up("absent")->absent_for, 300ms);
  clock_.advance(300ms);
  EXPECT_EQ(look_up("absent")->absent_for, 1s);  // asked again
}

TEST_F(Tree, SaysForHowLongANameMayBeBelieved) {
  store_.put("docs", "text", "hello");

  EXPECT_EQ(look_up("text")->entry->valid_for, 10s);
  clock_.advance(7s);
  EXPECT_EQ(look_up("text")->entry->valid_for, 3s);
}

TEST_F(Tree, EntriesOfAnOldListingMayNotBeBelieved) {
  store_.put("docs", "text", "hello");
  const auto directory = open_directory();
  ASSERT_TRUE(directory);

  EXPECT_EQ((*directory)->look_up(0).valid_for, 10s);
  clock_.advance(1h);
  EXPECT_EQ((*directory)->look_up(0).valid_for, 0s);
}

TEST_F(Tree, AnswersLookupsFromAListingWithNoRequest) {
  for (int i = 0; i < 100; ++i) store_.put("docs", "file-" + std::to_string(i), "hello");
  store_.limit_pages(50);
  const auto directory = open_directory();
  ASSERT_TRUE(directory);

  for (const auto& name : names_in(**directory)) EXPECT_EQ(attributes_at(name).size, 5U);
  EXPECT_FALSE(look_up("absent")->entry);

  EXPECT_EQ(store_.calls(Call::list_blobs), 2);
  EXPECT_EQ(store_.calls(), 2);
}

TEST_F(Tree, AnOpenDirectoryStaysAsItWas) {
  store_.put("docs", "a", "");
  const auto directory = open_directory();
  ASSERT_TRUE(directory);
  store_.put("docs", "b", "");
  clock_.advance(1h);

  EXPECT_THAT(names_in(**directory), ElementsAre("a"));
  EXPECT_THAT(names_in(**open_directory()), ElementsAre("a", "b"));
}

TEST_F(Tree, ItemsOfADirectoryHaveTheNumbersThatStatShows) {
  store_.put("docs", "a", "");
  store_.put("docs", "b/c", "");
  const auto directory = open_directory();
  ASSERT_TRUE(directory);

  EXPECT_EQ((*directory)->item(0).number, attributes_at("a").number);
  EXPECT_EQ((*directory)->item(0).kind, FileKind::file);
  EXPECT_EQ((*directory)->item(1).number, attributes_at("b").number);
  EXPECT_EQ((*directory)->item(1).kind, FileKind::directory);
}

TEST_F(Tree, LookupsInAnOpenDirectoryCountAsLookups) {
  store_.put("docs", "a", "");
  const auto directory = open_directory();
  ASSERT_TRUE(directory);
  const auto inode = (*directory)->look_up(0).attributes.inode;
  EXPECT_EQ(inode_of("a"), inode);

  tree_->forget(inode, 1);
  EXPECT_TRUE(tree_->attributes(inode));
  tree_->forget(inode, 1);
  EXPECT_FALSE(tree_->attributes(inode));
}

TEST_F(Tree, AnOverwrittenBlobIsAnotherInodeWithTheSameNumber) {
  store_.put("docs", "text", "hello");
  const auto before = attributes_at("text");
  store_.put("docs", "text", "good bye");
  clock_.advance(10s);
  const auto after = attributes_at("text");

  EXPECT_NE(after.inode, before.inode);
  EXPECT_EQ(after.number, before.number);
  EXPECT_EQ(after.size, 8U);
  EXPECT_EQ(tree_->attributes(before.inode)->size, 5U);
}

TEST_F(Tree, NumbersAreTheSameOnEveryMountAndNoneIsThatOfTheRoot) {
  store_.put("docs", "a/text", "hello");
  const auto directory = attributes_at("a");
  const auto file = attributes_at("text", directory.inode);
  mount({}, "docs", "a/");

  EXPECT_EQ(attributes_at("text").number, file.number);
  EXPECT_NE(file.number, directory.number);
  for (const auto number : {file.number, directory.number}) EXPECT_GT(number, root_inode);
  EXPECT_EQ(tree_->attributes(root_inode)->number, root_inode);
}

TEST_F(Tree, DirectoriesWithoutATimeShowThatOfTheMount) {
  store_.put("docs", "a/text", "hello");
  const auto mounted = clock_.wall_now();
  clock_.advance(1h);

  EXPECT_EQ(attributes_at("a").modified, mounted);
  EXPECT_EQ(tree_->attributes(root_inode)->modified, mounted);
}

TEST_F(Tree, OpenOfAnOverwrittenVersionSaysThatItChanged) {
  store_.put("docs", "text", "hello");
  const auto inode = inode_of("text");
  store_.put("docs", "text", "good bye");
  clock_.advance(1s);

  EXPECT_EQ(code_of(open(inode)), ErrorCode::changed);
  const auto file = open(inode_of("text"));  // what open found out is known
  ASSERT_TRUE(file);
  EXPECT_EQ(read(**file).value(), "good bye");
}

TEST_F(Tree, OpenOfADeletedBlobSaysThatItChanged) {
  store_.put("docs", "text", "hello");
  const auto inode = inode_of("text");
  store_.remove("docs", "text");
  clock_.advance(1s);

  EXPECT_EQ(code_of(open(inode)), ErrorCode::changed);
  EXPECT_FALSE(look_up("text")->entry);
}

TEST_F(Tree, OpenOfABlobThatADirectoryHasReplacedSaysThatItChanged) {
  store_.put("docs", "text", "hello");
  const auto inode = inode_of("text");
  store_.put("docs", "text/below", "");
  clock_.advance(1s);

  EXPECT_EQ(code_of(open(inode)), ErrorCode::changed);
  EXPECT_EQ(attributes_at("text").kind, FileKind::directory);
}

TEST_F(Tree, OpenSeesTheLatestVersionThoughStatMayShowAnOlderOne) {
  store_.put("docs", "text", "hello");
  ASSERT_TRUE(open_directory());
  clock_.advance(2s);
  store_.put("docs", "text", "good bye");

  EXPECT_EQ(attributes_at("text").size, 5U);
  const auto file = open_path("text");
  ASSERT_TRUE(file);
  EXPECT_EQ(read(**file).value(), "good bye");
  EXPECT_EQ(attributes_at("text").size, 8U);
}

TEST_F(Tree, OpenTrustsWhatIsYoungWithNoRequest) {
  store_.put("docs", "text", "hello");
  const auto inode = inode_of("text");
  const auto calls = store_.calls();

  ASSERT_TRUE(open(inode));

  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(Tree, WithoutAnyTrustEachOpenAsks) {
  mount({.attr_ttl = 0s});
  store_.put("docs", "text", "hello");
  ASSERT_TRUE(open_directory());

  for (const auto* text : {"one", "two", "three"}) {
    store_.put("docs", "text", text);  // with the clock standing still
    const auto file = open_path("text");
    ASSERT_TRUE(file);
    EXPECT_EQ(read(**file).value(), text);
  }
  EXPECT_EQ(look_up("text")->entry->valid_for, 0s);
  EXPECT_EQ(look_up("absent")->absent_for, 0s);
}

TEST_F(Tree, WithoutAnyTrustAnOpenDoesNotShareARequestThatBeganBeforeIt) {
  mount({.attr_ttl = 0s});
  store_.put("docs", "text", "hello");
  const auto inode = inode_of("text");
  store_.hold();
  std::optional<Result<SharedFile>> before, after;
  tree_->open(inode, [&](auto file) { before = std::move(file); });
  store_.put("docs", "text", "good bye");
  tree_->open(inode, [&](auto file) { after = std::move(file); });

  store_.release();

  ASSERT_TRUE(before && after);
  EXPECT_TRUE(*before);
  EXPECT_EQ(code_of(*after), ErrorCode::changed);
}

TEST_F(Tree, AReadOfAnOverwrittenVersionFailsAndTheNextOpenSeesTheNewOne) {
  store_.put("docs", "text", "hello");
  const auto file = open_path("text");
  ASSERT_TRUE(file);
  store_.put("docs", "text", "good bye");

  EXPECT_EQ(code_of(read(**file)), ErrorCode::changed);
  const auto next = open_path("text");  // though what is known is not old
  ASSERT_TRUE(next);
  EXPECT_EQ(read(**next).value(), "good bye");
  EXPECT_EQ(code_of(read(**file)), ErrorCode::changed);
}

TEST_F(Tree, AReadOfADeletedBlobFailsAndTheNextOpenFindsNothing) {
  store_.put("docs", "text", "hello");
  const auto file = open_path("text");
  ASSERT_TRUE(file);
  store_.remove("docs", "text");

  EXPECT_EQ(code_of(read(**file)), ErrorCode::not_found);
  EXPECT_EQ(code_of(open_path("text")), ErrorCode::not_found);
}

TEST_F(Tree, AFileStaysReadableThoughItsInodeIsForgotten) {
  store_.put("docs", "a/text", "hello");
  const auto directory = inode_of("a");
  const auto inode = inode_of("text", directory);
  const auto file = open(inode);
  tree_->forget(inode, 1);
  tree_->forget(directory, 1);

  ASSERT_TRUE(file);
  EXPECT_EQ(read(**file).value(), "hello");
}

TEST_F(Tree, InodesThatAreNoLongerKnownAreStale) {
  store_.put("docs", "text", "hello");
  const auto inode = inode_of("text");
  tree_->forget(inode, 1);

  EXPECT_EQ(code_of(tree_->attributes(inode)), ErrorCode::changed);
  EXPECT_EQ(code_of(open(inode)), ErrorCode::changed);
  EXPECT_EQ(code_of(open_directory(inode)), ErrorCode::changed);
  EXPECT_EQ(code_of(look_up("a", inode)), ErrorCode::changed);
}

TEST_F(Tree, FilesAreNotDirectoriesNorDirectoriesFiles) {
  store_.put("docs", "a/text", "hello");
  const auto directory = inode_of("a");
  const auto file = inode_of("text", directory);

  EXPECT_EQ(code_of(open(directory)), ErrorCode::is_a_directory);
  EXPECT_EQ(code_of(open(root_inode)), ErrorCode::is_a_directory);
  EXPECT_EQ(code_of(open_directory(file)), ErrorCode::not_a_directory);
  EXPECT_EQ(code_of(look_up("below", file)), ErrorCode::not_a_directory);
}

TEST_F(Tree, ANameThatIsTooLongIsRefusedWithNoRequest) {
  EXPECT_EQ(code_of(look_up(std::string(256, 'x'))), ErrorCode::name_too_long);
  EXPECT_EQ(store_.calls(), 0);

  EXPECT_FALSE(look_up(std::string(255, 'x'))->entry);
}

TEST_F(Tree, PassesOnWhatTheServiceRefusesAndRecoversWhenItNoLongerDoes) {
  store_.put("docs", "text", "hello");
  const Error no_role{ErrorCode::permission_denied, "no role"};
  store_.fail_next(Call::get_properties, no_role);
  store_.fail_next(Call::list_blobs, no_role, 2);

  EXPECT_EQ(code_of(look_up("text")), ErrorCode::permission_denied);
  EXPECT_EQ(code_of(open_directory()), ErrorCode::permission_denied);
  const auto file = open_path("text");
  ASSERT_TRUE(file);
  store_.fail_next(Call::read, no_role);
  EXPECT_EQ(code_of(read(**file)), ErrorCode::permission_denied);
  EXPECT_EQ(read(**file).value(), "hello");
}

TEST_F(Tree, ALookupThatFailsCountsNothing) {
  store_.put("docs", "text", "hello");
  const auto inode = inode_of("text");
  clock_.advance(10s);
  store_.fail_next(Call::get_properties, {ErrorCode::unavailable, "try later"});
  EXPECT_FALSE(look_up("text"));

  tree_->forget(inode, 1);

  EXPECT_FALSE(tree_->attributes(inode));
}

}  // namespace
}  // namespace blobmount
