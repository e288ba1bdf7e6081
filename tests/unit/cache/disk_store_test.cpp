#include "cache/disk_store.hpp"

#include <array>
#include <cstring>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cache/disk_claim.hpp"
#include "support/temporary_directory.hpp"
#include "unit/cache/disk_parts.hpp"

namespace blobmount::tests {
namespace {

class DiskStoreTest : public testing::Test {
 protected:
  DiskStoreTest() { mount(); }

  void mount() {
    store.reset();
    auto opened = DiskStore::open(*claim_directory(parent.path()), budget);
    ASSERT_TRUE(opened);
    store = *std::move(opened);
  }

  static DiskIdentity identity(const std::string& blob) {
    return disk_identity("account", {.container = "c", .blob = blob, .etag = "e", .size = 2 * page_size});
  }

  void write(const DiskIdentity& of, char byte) {
    const auto page = new_page();
    std::memset(page.get(), byte, page_size);
    auto target = store->writable(of);
    ASSERT_TRUE(target) << target.error().message;
    ASSERT_TRUE(target->file->write(0, std::array{page}));
    store->index().wrote(target->entry, of, {0, 1});
  }

  /// The first byte; '-' if it is not there.
  char read(const DiskIdentity& of) {
    EXPECT_TRUE(store->learn(of));
    const auto plan = store->index().plan(of, {0, 1});
    if (!plan.entry || !plan.runs.at(0).present) return '-';
    const auto file = store->file(plan.entry, of);
    const auto page = new_page();
    if (!file || !(*file)->read(0, page.get())) return '-';
    return static_cast<char>(*page);
  }

  TemporaryDirectory parent;
  MemoryBudget budget{64ULL << 20U};
  std::unique_ptr<DiskStore> store;

  const DiskIdentity one = identity("one");
  /// Another version, of which all that the index remembers is the same.
  const DiskIdentity same_hashes = [this] {
    auto two = identity("two");
    two.name = one.name;
    two.check = one.check;
    return two;
  }();
};

TEST_F(DiskStoreTest, AVersionWithTheSameHashesNeverGetsTheOthersBytes) {
  write(one, '1');

  EXPECT_EQ(read(same_hashes), '-') << "the files are open";
  EXPECT_EQ(read(one), '1');
  store->index().let_go(store->index().find(one.name));
  EXPECT_EQ(read(same_hashes), '-') << "the files are closed";

  mount();
  EXPECT_EQ(read(same_hashes), '-') << "nobody has looked at the files";
  mount();
  EXPECT_EQ(read(one), '1');
}

TEST_F(DiskStoreTest, AVersionWithTheSameHashesTakesTheOthersPlace) {
  write(one, '1');

  write(same_hashes, '2');

  EXPECT_EQ(read(one), '-');
  EXPECT_EQ(read(same_hashes), '2');
  mount();
  EXPECT_EQ(read(same_hashes), '2');
}

TEST_F(DiskStoreTest, AMountWithLessMemoryKeepsAsManyVersionsAsItCanRemember) {
  for (int i = 0; i < 100; ++i) write(identity(std::to_string(i)), 'x');
  store.reset();
  MemoryBudget small(8000);

  auto opened = DiskStore::open(*claim_directory(parent.path()), small);

  ASSERT_TRUE(opened);
  const auto kept = (*opened)->index().most_versions();
  EXPECT_LT(kept, 100U);
  const auto files = std::distance(std::filesystem::directory_iterator(parent.path()), {});
  EXPECT_EQ(static_cast<std::size_t>(files), 2 * kept + 1) << "and the lock";
}

TEST_F(DiskStoreTest, ABudgetForSoManyVersionsKeepsThemAll) {
  for (int i = 0; i < 100; ++i) write(identity(std::to_string(i)), 'x');
  store.reset();
  MemoryBudget enough(DiskIndex::budget_for(100));

  auto opened = DiskStore::open(*claim_directory(parent.path()), enough);

  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->index().versions(), 100U);
}

}  // namespace
}  // namespace blobmount::tests
