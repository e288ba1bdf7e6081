#include "tree/mounted_tree.hpp"

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
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
#include "unit/tree/described_blobs.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;
using Call = tests::FakeBlobStore::Call;
using SharedFile = std::shared_ptr<OpenFile>;
using SharedDirectory = std::shared_ptr<OpenDirectory>;

/// Remembers what it is told: "INODE NAME".
class RecordingKernel final : public KernelCache {
 public:
  void drop_name(InodeId parent, std::string name) override {
    dropped_.push_back(std::to_string(parent) + " " + name);
  }
  void let_go(InodeId /*inode*/, InodeId parent, std::string name) override {
    let_go_.push_back(std::to_string(parent) + " " + name);
  }
  void drop_pages(InodeId inode) override { dropped_.push_back("pages of " + std::to_string(inode)); }
  void when_told(std::function<void()> then) override { then(); }

  /// Since the last call.
  std::vector<std::string> dropped() { return std::exchange(dropped_, {}); }
  /// The same of what it may keep if it is in use.
  std::vector<std::string> let_go() { return std::exchange(let_go_, {}); }

 private:
  std::vector<std::string> dropped_, let_go_;
};

/// A mount of the container "docs", or of what a test says. Answers come at once, or when they are released.
class Tree : public testing::Test {
 protected:
  void mount(const TreeConfig& config, const std::string& container = "docs",
             const std::string& prefix = "") {
    const Url endpoint{.scheme = "https", .host = "account.blob.core.windows.net"};
    tree_ = std::make_unique<MountedTree>(described_, memory_, clock_, log_, config,
                                          MountSource{"account", endpoint, container, prefix});
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
  std::vector<std::string> names_at(InodeId inode = root_inode) {
    const auto directory = open_directory(inode);
    EXPECT_TRUE(directory);
    return directory ? names_in(**directory) : std::vector<std::string>{};
  }
  /// "name=value"
  Result<std::vector<std::string>> attributes_in_words(InodeId inode, const std::string& wanted = "") {
    BM_ASSIGN(attributes, tests::outcome_of<std::vector<ExtendedAttribute>>([&](auto done) {
                tree_->extended_attributes(inode, wanted, std::move(done));
              }));
    std::vector<std::string> words;
    for (const auto& attribute : attributes) words.push_back(attribute.name + "=" + attribute.value);
    return words;
  }
  /// The mount, and all it is asked from now on, goes on a millisecond later: what was doubted at one time
  /// is asked for at another.
  void refresh(const std::string& path) {
    clock_.advance(1ms);
    bool told = false;
    tree_->refresh(path, [&told] { told = true; });
    EXPECT_TRUE(told);
    clock_.advance(1ms);
  }
  template <typename T>
  static ErrorCode code_of(const Result<T>& result) {
    EXPECT_FALSE(result);
    return result ? ErrorCode::internal : result.error().code;
  }

  tests::ManualClock clock_;
  tests::RecordingLog log_;
  tests::FakeBlobStore store_{tests::FakeBlobStore::Delivery::at_once};
  tests::DescribedBlobs described_{store_};
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

TEST_F(Tree, AnOpenDirectoryDoesNotGiveTheKernelAnOverwrittenVersionBack) {
  store_.put("docs", "a", "x");
  store_.put("docs", "b", "x");
  const auto directory = *open_directory();
  clock_.advance(2s);
  store_.put("docs", "a", "yyy");
  ASSERT_TRUE(open_path("a"));
  ASSERT_EQ(attributes_at("a").size, 3U);

  EXPECT_EQ(directory->look_up(0).valid_for, 0s);
  EXPECT_EQ(directory->look_up(1).valid_for, 8s);
  clock_.advance(2s);
  ASSERT_TRUE(open_directory());  // which confirms it
  EXPECT_EQ(directory->look_up(0).valid_for, 0s);
}

TEST_F(Tree, WhatStatShowsOfALongListingIsNoOlderThanWhatIsPromised) {
  for (char name = 'a'; name <= 'l'; ++name) store_.put("docs", std::string(1, name), "x");
  store_.limit_pages(1);
  store_.hold();
  SharedDirectory directory;
  tree_->open_directory(root_inode, [&](Result<SharedDirectory> opened) { directory = *opened; });
  store_.release_one();
  store_.release_one();
  ASSERT_TRUE(directory);
  store_.put("docs", "a", "yyyy");
  for (int page = 0; page < 10; ++page) {
    clock_.advance(10s);
    store_.release_one();
  }
  store_.release();

  EXPECT_EQ(attributes_at("a").size, 4U);
  EXPECT_EQ(directory->look_up(0).valid_for, 0s);
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
  store_.remove("docs", "text");
  store_.put("docs", "text/below", "");
  clock_.advance(1s);

  EXPECT_EQ(code_of(open(inode)), ErrorCode::changed);
  EXPECT_EQ(attributes_at("text").kind, FileKind::directory);
}

TEST_F(Tree, ADirectoryBesideABlobTakesItsPlaceWhenAListingFindsIt) {
  store_.put("docs", "text", "hello");
  const auto inode = inode_of("text");
  store_.put("docs", "text/below", "");
  clock_.advance(1s);
  EXPECT_TRUE(open(inode));  // whose one request asks for the blob
  clock_.advance(1s);

  ASSERT_TRUE(open_directory());

  EXPECT_EQ(code_of(open(inode)), ErrorCode::changed);
  EXPECT_EQ(attributes_at("text").kind, FileKind::directory);
}

TEST_F(Tree, AnOpenOfABlobBesideADirectoryDoesNotMakeAFileOfTheDirectory) {
  store_.put("docs", "a", "hello");
  const auto file = inode_of("a");
  store_.put("docs", "a/b", "text");
  clock_.advance(2s);
  ASSERT_TRUE(open_directory());
  ASSERT_EQ(attributes_at("a").kind, FileKind::directory);
  clock_.advance(2s);

  EXPECT_EQ(code_of(open(file)), ErrorCode::changed);

  EXPECT_EQ(attributes_at("a").kind, FileKind::directory);
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

TEST_F(Tree, AFileHasItsBlobsPropertiesAsExtendedAttributes) {
  const auto etag = store_.put("docs", "a b/\xC3\xA9#1.txt", "hello").etag;
  described_.describe("a b/\xC3\xA9#1.txt", {.type = "BlockBlob",
                                             .access_tier = "Cool",
                                             .content_type = "text/plain",
                                             .content_md5 = "XUFAKrxLKna5cZ2REBfFkg==",
                                             .version_id = "2026-01-01T00:00:00.0000000Z",
                                             .metadata = {{"owner", "me"}}});

  const auto attributes = attributes_in_words(inode_of("\xC3\xA9#1.txt", inode_of("a b")));

  ASSERT_TRUE(attributes);
  EXPECT_THAT(
      *attributes,
      ElementsAre("user.blob.etag=" + etag, "user.blob.content_type=text/plain",
                  "user.blob.content_md5=XUFAKrxLKna5cZ2REBfFkg==", "user.blob.tier=Cool",
                  "user.blob.type=BlockBlob",
                  "user.blob.url=https://account.blob.core.windows.net/docs/a%20b/%C3%A9%231.txt",
                  "user.blob.version_id=2026-01-01T00:00:00.0000000Z", "user.blob.metadata.owner=me"));
}

TEST_F(Tree, ExtendedAttributesOfWhatWasListedOrLookedUpCostNoRequest) {
  store_.put("docs", "listed", "hello");
  store_.put("docs", "d/looked-up", "hello");
  ASSERT_TRUE(open_directory());
  const auto listed = inode_of("listed");
  const auto looked_up = inode_of("looked-up", inode_of("d"));
  const auto calls = store_.calls();

  EXPECT_THAT(attributes_in_words(listed).value(), Contains("user.blob.tier=Hot"));
  EXPECT_THAT(attributes_in_words(looked_up).value(), Contains("user.blob.tier=Hot"));

  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(Tree, AVersionIdIsAskedForWhereOnlyAListingIsKnownAndItIsRead) {
  store_.put("docs", "a", "hello");
  described_.describe("a", {.version_id = "2026"});
  ASSERT_TRUE(open_directory());
  const auto inode = inode_of("a");
  const auto calls = store_.calls();

  EXPECT_THAT(attributes_in_words(inode).value(), Not(Contains("user.blob.version_id=2026")));
  EXPECT_EQ(store_.calls(), calls);

  EXPECT_THAT(attributes_in_words(inode, "user.blob.version_id").value(),
              Contains("user.blob.version_id=2026"));
  EXPECT_EQ(store_.calls(), calls + 1);
}

TEST_F(Tree, ExtendedAttributesOfAFilesOtherVersionAreRefused) {
  store_.put("docs", "text", "hello");
  const auto inode = inode_of("text");
  store_.put("docs", "text", "good bye");
  clock_.advance(10s);
  ASSERT_NE(inode_of("text"), inode);

  EXPECT_EQ(code_of(attributes_in_words(inode)), ErrorCode::changed);
}

TEST_F(Tree, DirectoriesHaveNoExtendedAttributesAndForgottenInodesAreStale) {
  store_.put("docs", "d/text", "hello");
  const auto directory = inode_of("d");
  const auto file = inode_of("text", directory);
  tree_->forget(file, 1);
  const auto calls = store_.calls();

  EXPECT_THAT(attributes_in_words(root_inode).value(), IsEmpty());
  EXPECT_THAT(attributes_in_words(directory).value(), IsEmpty());
  EXPECT_EQ(code_of(attributes_in_words(file)), ErrorCode::changed);
  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(Tree, AnArchivedBlobCannotBeOpenedAndTheErrorSaysWhatToDo) {
  store_.put("docs", "cold", "hello", {.access_tier = "Archive"});

  const auto opened = open_path("cold");

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::not_permitted);
  EXPECT_THAT(opened.error().message,
              testing::AllOf(testing::HasSubstr("'docs/cold'"), testing::HasSubstr("set-tier")));
  EXPECT_EQ(store_.calls(Call::read), 0);
}

TEST_F(Tree, AnInodeHasThePathThatLedToIt) {
  store_.put("docs", "d/e/text", "hello");
  const auto directory = inode_of("d");
  const auto inner = inode_of("e", directory);

  EXPECT_EQ(tree_->path_of(root_inode), "");
  EXPECT_EQ(tree_->path_of(directory), "d");
  EXPECT_EQ(tree_->path_of(inner), "d/e");
  EXPECT_EQ(tree_->path_of(inode_of("text", inner)), "d/e/text");
  EXPECT_EQ(tree_->path_of(999'999), "") << "it is not known";
}

TEST_F(Tree, AnArchivedBlobShowsItsSizeAndItsTier) {
  store_.put("docs", "cold", "hello", {.access_tier = "Archive"});

  EXPECT_EQ(attributes_at("cold").size, 5U);
  EXPECT_THAT(attributes_in_words(inode_of("cold")).value(), Contains("user.blob.tier=Archive"));
  EXPECT_THAT(names_at(), ElementsAre("cold"));
  EXPECT_THAT(log_.lines_for_operators(), IsEmpty());
}

TEST_F(Tree, ABlobThatWasRehydratedCanBeOpenedThoughItIsTheSameVersion) {
  store_.put("docs", "cold", "hello");
  described_.describe("cold", {.access_tier = "Archive"});
  const auto inode = inode_of("cold");
  ASSERT_EQ(code_of(open(inode)), ErrorCode::not_permitted);

  described_.describe("cold", {.access_tier = "Hot"});
  clock_.advance(1s);

  const auto file = open(inode);
  ASSERT_TRUE(file);
  EXPECT_EQ(read(**file).value(), "hello");
}

TEST_F(Tree, ABlobThatWasRehydratedShowsItsTierThoughItWasListedBefore) {
  store_.put("docs", "cold", "hello");
  described_.describe("cold", {.access_tier = "Archive"});
  ASSERT_TRUE(open_directory());
  const auto inode = inode_of("cold");
  ASSERT_THAT(attributes_in_words(inode).value(), Contains("user.blob.tier=Archive"));
  described_.describe("cold", {.access_tier = "Hot"});

  clock_.advance(24h);

  EXPECT_THAT(attributes_in_words(inode).value(), Contains("user.blob.tier=Hot"));
  EXPECT_EQ(inode_of("cold"), inode);
  EXPECT_THAT(attributes_in_words(inode).value(), Contains("user.blob.tier=Hot"));
  EXPECT_TRUE(open(inode));
}

TEST_F(Tree, AnOpenRenewsWhatIsKnownWithOneRequest) {
  store_.put("docs", "text", "hello");
  const auto inode = inode_of("text");
  const auto calls = store_.calls();
  clock_.advance(1s);

  ASSERT_TRUE(open(inode));

  EXPECT_EQ(store_.calls(), calls + 1);
  EXPECT_EQ(store_.calls(Call::get_properties), 2);
}

TEST_F(Tree, OfAnAccountHidesContainers) {
  for (const auto* name : {"$logs", "docs", "photos-1", "photos-2"}) store_.put_container(name);
  mount({}, "");
  EXPECT_THAT(names_at(), ElementsAre("docs", "photos-1", "photos-2"));
  EXPECT_FALSE(look_up("$logs")->entry);

  mount({.containers = {"photos-*"}}, "");
  EXPECT_FALSE(look_up("docs")->entry);
  EXPECT_TRUE(look_up("photos-1")->entry);
  EXPECT_THAT(names_at(), ElementsAre("photos-1", "photos-2"));
}

TEST_F(Tree, TheKernelIsToldOfNamesThatLeadElsewhere) {
  for (const auto* name : {"same", "overwritten", "removed", "d/text"}) store_.put("docs", name, "hello");
  RecordingKernel kernel;
  tree_->serve(&kernel);
  const auto directory = inode_of("d");
  inode_of("text", directory);
  ASSERT_TRUE(open_directory());
  EXPECT_THAT(kernel.dropped(), IsEmpty());
  clock_.advance(10s);
  store_.put("docs", "overwritten", "good bye");
  store_.remove("docs", "removed");
  store_.put("docs", "d/text", "good bye");

  inode_of("overwritten");
  EXPECT_THAT(kernel.dropped(), ElementsAre("1 overwritten"));
  ASSERT_TRUE(open_directory());
  EXPECT_THAT(kernel.dropped(), testing::AllOf(Contains("1 removed"), Not(Contains("1 same"))));
  inode_of("text", directory);
  EXPECT_THAT(kernel.dropped(), ElementsAre(std::to_string(directory) + " text"));
  tree_->serve(nullptr);
}

TEST_F(Tree, NobodyIsToldAfterServingHasEnded) {
  store_.put("docs", "text", "hello");
  RecordingKernel kernel;
  tree_->serve(&kernel);
  inode_of("text");
  tree_->serve(nullptr);
  store_.put("docs", "text", "good bye");
  clock_.advance(10s);

  inode_of("text");
  refresh("");

  EXPECT_THAT(kernel.dropped(), IsEmpty());
}

TEST_F(Tree, TheKernelIsToldOfNamesThatAWalkFindsOverwritten) {
  const std::vector<std::string> names{"d1", "d2", "d3"};
  RecordingKernel kernel;
  tree_->serve(&kernel);
  std::vector<InodeId> directories;
  for (const auto& name : names) {
    store_.put("docs", name + "/text", "hello");
    directories.push_back(inode_of(name));
    ASSERT_TRUE(open_directory(directories.back()));
    inode_of("text", directories.back());
    clock_.advance(1min);
  }
  for (const auto& name : names) store_.put("docs", name + "/text", "good bye");

  for (const auto directory : directories) EXPECT_THAT(names_at(directory), ElementsAre("text"));

  const auto dropped = kernel.dropped();
  for (const auto directory : directories)
    EXPECT_THAT(dropped, Contains(std::to_string(directory) + " text"));
  tree_->serve(nullptr);
}

/// Is being told something until a test lets it go.
class SlowKernel final : public KernelCache {
 public:
  void drop_name(InodeId, std::string) override {
    told_.set_value();
    go_on_.get_future().wait();
  }
  void let_go(InodeId, InodeId, std::string) override {}
  void drop_pages(InodeId) override {}
  void when_told(std::function<void()> then) override { then(); }
  void wait_until_told() { told_.get_future().wait(); }
  void go_on() { go_on_.set_value(); }

 private:
  std::promise<void> told_, go_on_;
};

TEST_F(Tree, ServingEndsWhenWhatIsBeingToldHasEnded) {
  store_.put("docs", "text", "hello");
  inode_of("text");
  store_.put("docs", "text", "good bye");
  clock_.advance(10s);
  SlowKernel kernel;
  tree_->serve(&kernel);
  std::thread teller([this] { inode_of("text"); });
  kernel.wait_until_told();

  auto ended = std::async(std::launch::async, [this] { tree_->serve(nullptr); });

  // the kernel's cache may go as soon as that returns
  EXPECT_EQ(ended.wait_for(50ms), std::future_status::timeout);
  kernel.go_on();
  ended.wait();
  teller.join();
}

TEST_F(Tree, PagesOfAllFilesAreDroppedFromTheKernel) {
  for (const auto* name : {"a", "d/b"}) store_.put("docs", name, "hello");
  const auto file = inode_of("a"), directory = inode_of("d"), inside = inode_of("b", directory);
  RecordingKernel kernel;
  tree_->serve(&kernel);
  bool done = false;

  tree_->drop_pages([&] { done = true; });

  EXPECT_TRUE(done);
  EXPECT_THAT(kernel.dropped(),
              UnorderedElementsAre("pages of " + std::to_string(file), "pages of " + std::to_string(inside)));
  tree_->serve(nullptr);
}

/// Has taken what it was told when it is asked.
class CountingKernel final : public KernelCache {
 public:
  void drop_name(InodeId, std::string) override {}
  void let_go(InodeId, InodeId, std::string) override {}
  void drop_pages(InodeId) override {
    ++told;
    most_waiting = std::max(most_waiting, ++waiting_);
  }
  void when_told(std::function<void()> then) override {
    waiting_ = 0;
    then();
  }

  std::size_t told = 0, most_waiting = 0;

 private:
  std::size_t waiting_ = 0;
};

TEST_F(Tree, ThePagesOfVeryManyFilesAreDroppedSomeAtATime) {
  constexpr std::size_t many = 40'000;
  for (std::size_t i = 0; i < many; ++i) store_.put("docs", std::to_string(i), "x");
  const auto directory = open_directory();
  ASSERT_TRUE(directory);
  for (std::size_t i = 0, count = names_in(**directory).size(); i < count; ++i) (*directory)->look_up(i);
  CountingKernel kernel;
  tree_->serve(&kernel);

  tree_->drop_pages([] {});

  EXPECT_EQ(kernel.told, many);
  EXPECT_LT(kernel.most_waiting, many / 2);
  tree_->serve(nullptr);
}

TEST_F(Tree, WhoIsToldThatARefreshIsDoneMayEndServing) {
  RecordingKernel kernel;
  tree_->serve(&kernel);
  bool done = false;

  tree_->refresh("", [&] {
    tree_->serve(nullptr);
    done = true;
  });

  EXPECT_TRUE(done);
}

/// A mount that asks for nothing again within an hour, of a few files.
class CachedTree : public Tree {
 protected:
  void SetUp() override {
    for (const auto* name : {"a", "b", "d/c", "d/e/f", "d-1/x"}) store_.put("docs", name, "hello");
    mount({.consistency = {.kind = Consistency::Kind::cached, .age = 1h}});
    tree_->serve(&kernel_);
  }
  void TearDown() override { tree_->serve(nullptr); }

  /// Looks at all there is, in an order that makes no walk.
  void look_at_everything() {
    for (const auto* name : {"a", "b"}) ASSERT_TRUE(open_path(name));
    d_ = inode_of("d");
    d1_ = inode_of("d-1");
    e_ = inode_of("e", d_);
    for (const auto inode : {root_inode, d_, e_, d1_}) {
      clock_.advance(1min);  // nobody walks that slowly
      ASSERT_TRUE(open_directory(inode));
    }
    ASSERT_TRUE(open(inode_of("c", d_)));
    ASSERT_TRUE(open(inode_of("f", e_)));
    ASSERT_TRUE(open(inode_of("x", d1_)));
    clock_.advance(1min);
  }
  void overwrite_everything() {
    for (const auto* name : {"a", "b", "d/c", "d/e/f", "d-1/x"}) store_.put("docs", name, "good bye");
    for (const auto* name : {"z", "d/z", "d/e/z", "d-1/z"}) store_.put("docs", name, "");
  }
  std::uint64_t size_of(const std::string& name, InodeId parent = root_inode) {
    return attributes_at(name, parent).size;
  }

  InodeId d_ = 0, e_ = 0, d1_ = 0;
  RecordingKernel kernel_;
  static constexpr std::uint64_t old_size = 5, new_size = 8;
};

TEST_F(CachedTree, AsksForNothingAgainWithinItsAge) {
  look_at_everything();
  overwrite_everything();
  const auto calls = store_.calls();
  clock_.advance(50min);

  EXPECT_EQ(size_of("a"), old_size);
  EXPECT_EQ(look_up("a")->entry->valid_for, 6min);  // it was listed 4 minutes before
  EXPECT_TRUE(open_path("a"));
  EXPECT_FALSE(look_up("z")->entry);
  EXPECT_THAT(names_at(), ElementsAre("a", "b", "d-1", "d"));
  EXPECT_THAT(names_at(d_), ElementsAre("c", "e"));
  EXPECT_EQ(size_of("f", e_), old_size);

  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(CachedTree, AsksAgainWhenItsAgeIsOver) {
  look_at_everything();
  overwrite_everything();
  clock_.advance(1h);

  EXPECT_EQ(size_of("a"), new_size);
  EXPECT_THAT(names_at(), ElementsAre("a", "b", "d-1", "d", "z"));
  const auto file = open_path("b");
  ASSERT_TRUE(file);
  EXPECT_EQ(read(**file).value(), "good bye");
}

TEST_F(CachedTree, WhatIsImmutableIsNeverAskedForAgain) {
  mount({.consistency = {.kind = Consistency::Kind::immutable}});
  look_at_everything();
  overwrite_everything();
  const auto calls = store_.calls();
  clock_.advance(24h * 365 * 10);

  EXPECT_EQ(size_of("a"), old_size);
  EXPECT_GT(look_up("a")->entry->valid_for, 24h * 365);
  EXPECT_FALSE(look_up("z")->entry);
  EXPECT_TRUE(open_path("b"));
  EXPECT_THAT(names_at(d_), ElementsAre("c", "e"));

  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(CachedTree, ARefreshOfAFileAsksForThatFileAgain) {
  look_at_everything();
  overwrite_everything();

  refresh("a");

  EXPECT_THAT(kernel_.dropped(), Contains("1 a"));
  EXPECT_EQ(size_of("a"), new_size);
  const auto file = open_path("a");
  ASSERT_TRUE(file);
  EXPECT_EQ(read(**file).value(), "good bye");
  const auto calls = store_.calls();
  EXPECT_EQ(size_of("c", d_), old_size);
  EXPECT_THAT(names_at(d_), ElementsAre("c", "e"));
  EXPECT_EQ(size_of("x", d1_), old_size);
  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(CachedTree, ARefreshOfAFileTellsTheKernelOfThatFileOnly) {
  look_at_everything();

  refresh("d/c");

  EXPECT_THAT(kernel_.dropped(), ElementsAre(std::to_string(d_) + " c"));
}

TEST_F(CachedTree, AfterARefreshOfAFileItsDirectoryIsListedAgain) {
  look_at_everything();
  const auto still_open = open_directory();  // by somebody else
  ASSERT_TRUE(still_open);
  store_.remove("docs", "a");

  refresh("a");

  EXPECT_THAT(names_at(), ElementsAre("b", "d-1", "d"));
}

TEST_F(CachedTree, ARefreshOfADirectoryAsksForAllBelowItAgainAndForNothingElse) {
  look_at_everything();
  overwrite_everything();

  refresh("d");

  EXPECT_THAT(kernel_.dropped(), UnorderedElementsAre("1 d", std::to_string(d_) + " c",
                                                      std::to_string(d_) + " e", std::to_string(e_) + " f"));
  EXPECT_EQ(size_of("c", d_), new_size);
  EXPECT_EQ(size_of("f", e_), new_size);
  EXPECT_TRUE(look_up("z", d_)->entry);
  EXPECT_THAT(names_at(d_), ElementsAre("c", "e", "z"));
  EXPECT_THAT(names_at(e_), ElementsAre("f", "z"));
  const auto calls = store_.calls();
  EXPECT_EQ(size_of("x", d1_), old_size);
  EXPECT_FALSE(look_up("z", d1_)->entry);
  EXPECT_THAT(names_at(d1_), ElementsAre("x"));
  EXPECT_EQ(store_.calls(), calls);
}

TEST_F(CachedTree, ARefreshOfADirectoryTakesItsPathWithASlash) {
  look_at_everything();
  overwrite_everything();

  refresh("d/e/");

  EXPECT_EQ(size_of("f", e_), new_size);
  EXPECT_EQ(size_of("c", d_), old_size);
}

TEST_F(CachedTree, ARefreshOfEverythingAsksForEverythingAgain) {
  look_at_everything();
  overwrite_everything();

  refresh("");

  EXPECT_THAT(kernel_.dropped(),
              IsSupersetOf({std::string("1 a"), std::string("1 b"), std::string("1 d"), std::string("1 d-1"),
                            std::to_string(e_) + " f", std::to_string(d1_) + " x"}));
  EXPECT_EQ(size_of("a"), new_size);
  EXPECT_TRUE(look_up("z")->entry);
  EXPECT_THAT(names_at(), ElementsAre("a", "b", "d-1", "d", "z"));
  EXPECT_THAT(names_at(e_), ElementsAre("f", "z"));
  EXPECT_EQ(size_of("x", d1_), new_size);
}

TEST_F(CachedTree, ARefreshOfANameThatWasAbsentFindsIt) {
  look_at_everything();
  EXPECT_FALSE(look_up("z")->entry);
  store_.put("docs", "z", "hello");

  refresh("z");

  EXPECT_THAT(kernel_.dropped(), Contains("1 z"));
  EXPECT_TRUE(look_up("z")->entry);
  EXPECT_THAT(names_at(), ElementsAre("a", "b", "d-1", "d", "z"));
}

TEST_F(CachedTree, ARefreshBelowANameThatWasAbsentFindsAllThatLeadsThere) {
  look_at_everything();
  EXPECT_FALSE(look_up("new", d_)->entry);
  store_.put("docs", "d/new/deep/file", "hello");

  refresh("d/new/deep/file");

  EXPECT_THAT(kernel_.dropped(), ElementsAre(std::to_string(d_) + " new"));
  EXPECT_THAT(names_at(d_), ElementsAre("c", "e", "new"));
  const auto deep = inode_of("deep", inode_of("new", d_));
  EXPECT_TRUE(look_up("file", deep)->entry);
}

TEST_F(CachedTree, ARefreshOfAFileWhoseInodeTheKernelHasForgottenAsksForItAgain) {
  look_at_everything();
  const auto inode = inode_of("a");
  tree_->forget(inode, 100);
  overwrite_everything();

  refresh("a");

  EXPECT_EQ(size_of("a"), new_size);
}

TEST_F(CachedTree, ARefreshOfSomethingThatWasNeverLookedAtDoesNoHarm) {
  refresh("no/such/path");
  refresh("///");

  EXPECT_EQ(size_of("a"), old_size);
}

TEST_F(CachedTree, ARefreshWhileAListingIsUnderWayIsNotUndoneByIt) {
  store_.hold();
  std::optional<Result<SharedDirectory>> before, after;
  tree_->open_directory(root_inode, [&](auto directory) { before = std::move(directory); });
  store_.remove("docs", "a");
  clock_.advance(1ms);
  tree_->refresh("", [] {});
  clock_.advance(1ms);
  tree_->open_directory(root_inode, [&](auto directory) { after = std::move(directory); });

  store_.release();

  ASSERT_TRUE(before && *before && after && *after);
  EXPECT_THAT(names_in(***before), ElementsAre("a", "b", "d-1", "d"));
  EXPECT_THAT(names_in(***after), ElementsAre("b", "d-1", "d"));
  EXPECT_FALSE(look_up("a")->entry);
}

TEST_F(CachedTree, ALookupThatARefreshOvertakesIsNotBelievedForAnHour) {
  store_.hold();
  std::optional<Lookup> old, absent;
  tree_->look_up(root_inode, "a", [&](Result<Lookup> lookup) { old = *lookup; });
  tree_->look_up(root_inode, "new", [&](Result<Lookup> lookup) { absent = *lookup; });
  store_.put("docs", "a", "good bye");
  store_.put("docs", "new", "hello");

  refresh("");
  store_.release();

  ASSERT_TRUE(old && old->entry && absent && !absent->entry);
  EXPECT_EQ(old->entry->valid_for, 0s);
  EXPECT_EQ(absent->absent_for, 0s);
  EXPECT_EQ(attributes_at("a").size, 8U);
  EXPECT_EQ(attributes_at("new").size, 5U);
}

TEST_F(CachedTree, ALookupThatARefreshOfItsFileOvertakesIsNotBelievedForAnHour) {
  store_.hold();
  std::optional<Lookup> old, other;
  tree_->look_up(root_inode, "a", [&](Result<Lookup> lookup) { old = *lookup; });
  tree_->look_up(root_inode, "b", [&](Result<Lookup> lookup) { other = *lookup; });

  refresh("a");
  store_.release();

  ASSERT_TRUE(old && old->entry && other && other->entry);
  EXPECT_EQ(old->entry->valid_for, 0s);
  EXPECT_GT(other->entry->valid_for, 59min);
}

TEST_F(CachedTree, OfAnAccountRefreshesAContainer) {
  store_.put("photos", "p", "hello");
  mount({.consistency = {.kind = Consistency::Kind::cached, .age = 1h}}, "");
  const auto docs = inode_of("docs"), photos = inode_of("photos");
  ASSERT_EQ(size_of("a", docs), old_size);
  ASSERT_EQ(size_of("p", photos), old_size);
  overwrite_everything();
  store_.put("photos", "p", "good bye");

  refresh("docs");

  EXPECT_EQ(size_of("a", docs), new_size);
  EXPECT_EQ(size_of("p", photos), old_size);
}

TEST_F(CachedTree, OfAnAccountRefreshesAFileInAContainer) {
  mount({.consistency = {.kind = Consistency::Kind::cached, .age = 1h}}, "");
  const auto docs = inode_of("docs");
  ASSERT_EQ(size_of("a", docs), old_size);
  ASSERT_EQ(size_of("b", docs), old_size);
  overwrite_everything();

  refresh("docs/a");

  EXPECT_EQ(size_of("a", docs), new_size);
  EXPECT_EQ(size_of("b", docs), old_size);
}

TEST_F(CachedTree, OfAPrefixRefreshesPathsFromThereOn) {
  mount({.consistency = {.kind = Consistency::Kind::cached, .age = 1h}}, "docs", "d/");
  ASSERT_EQ(size_of("c"), old_size);
  const auto e = inode_of("e");
  ASSERT_EQ(size_of("f", e), old_size);
  overwrite_everything();

  refresh("e/f");
  EXPECT_EQ(size_of("f", e), new_size);
  EXPECT_EQ(size_of("c"), old_size);
  refresh("c");
  EXPECT_EQ(size_of("c"), new_size);
}

TEST_F(Tree, WhereThereAreManyInodesTheKernelIsAskedToLetGoOfTheOldestFiles) {
  constexpr int files = 67'000;  // the limit is 65,536, and looked at now and then
  const auto name_of_file = [](int i) { return std::to_string(1'000'000 + i); };
  for (int i = 0; i < files; ++i) store_.put("docs", name_of_file(i), "");
  store_.put("docs", "0-directory/text", "");
  RecordingKernel kernel;
  tree_->serve(&kernel);
  const auto directory = open_directory();
  ASSERT_TRUE(directory);

  for (std::size_t i = 0; i < 65'000; ++i) (*directory)->look_up(i);
  EXPECT_THAT(kernel.let_go(), IsEmpty());
  for (std::size_t i = 65'000; i < static_cast<std::size_t>(files); ++i) (*directory)->look_up(i);

  const auto let_go = kernel.let_go();
  ASSERT_GE(let_go.size(), 1024U);
  EXPECT_LT(let_go.size(), 10'000U);
  EXPECT_EQ(std::set<std::string>(let_go.begin(), let_go.end()).size(), let_go.size());
  for (std::size_t i = 0; i < 1000; ++i) ASSERT_EQ(let_go[i], "1 " + name_of_file(static_cast<int>(i)));
  EXPECT_THAT(let_go, Not(Contains("1 0-directory")));
  tree_->serve(nullptr);
}

TEST_F(Tree, WhereThereAreManyDirectoriesTheKernelIsAskedToLetGoOfThoseThatNobodyIsIn) {
  constexpr int directories = 30'000;
  const auto name_of_directory = [](int i) { return std::to_string(1'000'000 + i); };
  for (int i = 0; i < directories; ++i) store_.put("docs", name_of_directory(i) + "/text", "");
  RecordingKernel kernel;
  tree_->serve(&kernel);
  const auto root = open_directory();
  ASSERT_TRUE(root);

  const auto first = (*root)->look_up(0).attributes.inode;
  inode_of("text", first);
  for (std::size_t i = 1; i < static_cast<std::size_t>(directories); ++i) (*root)->look_up(i);

  const auto let_go = kernel.let_go();
  EXPECT_THAT(let_go, Contains(std::to_string(first) + " text"));
  EXPECT_THAT(let_go, Contains("1 " + name_of_directory(1)));
  EXPECT_THAT(let_go, Not(Contains("1 " + name_of_directory(0))));
  tree_->serve(nullptr);
}

}  // namespace
}  // namespace blobmount
