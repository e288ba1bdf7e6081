#include "cache/eviction_order.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Name = std::uint64_t;
using Ahead = EvictionOrder::Ahead;

constexpr std::uint64_t pages_of_entry = 16;

class EvictionOrderTest : public testing::Test {
 protected:
  EvictionOrder::Entry& at(Name name) { return entries_.at(name); }
  bool has(Name name) const { return entries_.contains(name); }

  void add(Name name, bool ahead = false) {
    auto& entry = entries_[name];
    entry.name = name;
    order_.add(entry, ahead);
    order_.grow(entry, pages_of_entry);
  }
  void use(Name name) { order_.used(at(name)); }
  std::optional<Name> evict(Ahead ahead = Ahead::goes_last, const std::vector<Name>& held = {}) {
    auto* const victim = order_.victim(ahead, [&held](const EvictionOrder::Entry& entry) {
      return std::find(held.begin(), held.end(), entry.name) == held.end();
    });
    if (victim == nullptr) return std::nullopt;
    const auto name = victim->name;
    order_.evict(*victim);
    entries_.erase(name);
    return name;
  }
  std::vector<Name> evict_all() {
    std::vector<Name> names;
    while (const auto name = evict()) names.push_back(*name);
    return names;
  }
  /// Read through a cache of `capacity` entries; false: it had to be fetched.
  bool read(Name name, std::size_t capacity) {
    if (has(name)) {
      use(name);
      return true;
    }
    while (entries_.size() >= capacity) evict();
    add(name);
    use(name);
    return false;
  }
  /// Come in, go, and come back: then it stands among those that are kept.
  void add_kept(Name name) {
    add(name);
    ASSERT_EQ(evict(), name);
    add(name);
  }
  /// So many pages come in that a use from now on is another one.
  void let_pages_come_in() {
    add(4711);
    order_.grow(at(4711), 64);
    order_.remove(at(4711));
    entries_.erase(4711);
  }

  EvictionOrder order_;
  std::map<Name, EvictionOrder::Entry> entries_;
};

TEST_F(EvictionOrderTest, OfNothingNothingGoes) { EXPECT_EQ(evict(), std::nullopt); }

TEST_F(EvictionOrderTest, WhatNobodyUsesAgainGoesInTheOrderInWhichItCame) {
  for (const Name name : {3U, 1U, 2U}) add(name);

  EXPECT_THAT(evict_all(), ElementsAre(3, 1, 2));
}

TEST_F(EvictionOrderTest, WhatIsUsedAgainOutlivesWhatIsNot) {
  for (const Name name : {1U, 2U, 3U}) add(name);
  let_pages_come_in();
  use(1);

  EXPECT_THAT(evict_all(), ElementsAre(2, 3, 1));
}

TEST_F(EvictionOrderTest, UsesAsABlockIsReadInPartsAreNoUseAgain) {
  for (const Name name : {1U, 2U, 3U}) add(name);
  for (int part = 0; part < 8; ++part) use(1);

  EXPECT_THAT(evict_all(), ElementsAre(1, 2, 3));
}

TEST_F(EvictionOrderTest, UsesCloseToEachOtherAreOne) {
  for (const Name name : {1U, 2U}) add_kept(name);
  let_pages_come_in();
  use(1);
  use(1);
  use(1);
  use(2);

  EXPECT_EQ(evict(), 1U);
}

TEST_F(EvictionOrderTest, UsesApartFromEachOtherAreSeveral) {
  for (const Name name : {1U, 2U}) add_kept(name);
  for (int i = 0; i < 2; ++i) {
    let_pages_come_in();
    use(1);
  }
  use(2);

  EXPECT_EQ(evict(), 2U);
}

TEST_F(EvictionOrderTest, WhatWasUsedALotGoesInTheEnd) {
  add_kept(1);
  for (int i = 0; i < 1000; ++i) {
    let_pages_come_in();
    use(1);
  }

  EXPECT_EQ(evict(), 1U);
}

TEST_F(EvictionOrderTest, OnePassOverManyDoesNotEvictThoseThatAreUsedAgainAndAgain) {
  constexpr std::size_t capacity = 100;
  constexpr Name hot = 20;
  for (Name name = 0; name < hot; ++name) read(name, capacity);
  for (Name name = 0; name < hot; ++name) read(1000 + name, capacity);
  for (Name name = 0; name < hot; ++name) read(name, capacity);

  int misses = 0;
  for (Name step = 0; step < 5000; ++step) {
    read(10'000 + step, capacity);
    if (!read(step % hot, capacity)) ++misses;
  }

  EXPECT_EQ(misses, 0);
}

TEST_F(EvictionOrderTest, WhatWasHotAndIsUsedNoMoreMakesPlaceForWhatIs) {
  constexpr std::size_t capacity = 100;
  for (int round = 0; round < 10; ++round)
    for (Name name = 0; name < 90; ++name) read(name, capacity);

  int misses = 0;
  for (int round = 0; round < 20; ++round) {
    misses = 0;
    for (Name name = 1000; name < 1090; ++name) misses += read(name, capacity) ? 0 : 1;
  }

  EXPECT_EQ(misses, 0);
}

TEST_F(EvictionOrderTest, WhatWentAndComesBackIsKept) {
  add_kept(1);
  for (const Name name : {2U, 3U}) add(name);

  EXPECT_THAT(evict_all(), ElementsAre(2, 3, 1));
}

TEST_F(EvictionOrderTest, WhatWentLongAgoIsForgotten) {
  add(1);
  ASSERT_EQ(evict(), 1U);
  for (Name name = 100; name < 200; ++name) {
    add(name);
    ASSERT_EQ(evict(), name);
  }

  for (const Name name : {1U, 2U}) add(name);
  EXPECT_THAT(evict_all(), ElementsAre(1, 2));
}

TEST_F(EvictionOrderTest, WhatWasRemovedIsNotRemembered) {
  add(1);
  order_.remove(at(1));
  entries_.erase(1);

  for (const Name name : {1U, 2U}) add(name);
  EXPECT_THAT(evict_all(), ElementsAre(1, 2));
}

TEST_F(EvictionOrderTest, WhatWasFetchedAheadGoesLast) {
  add(1, true);
  for (const Name name : {2U, 3U}) add(name);

  EXPECT_THAT(evict_all(), ElementsAre(2, 3, 1));
}

TEST_F(EvictionOrderTest, WhatWasFetchedAheadStaysWhereThatIsAskedFor) {
  add(1, true);
  add(2);

  EXPECT_EQ(evict(Ahead::stays), 2U);
  EXPECT_EQ(evict(Ahead::stays), std::nullopt);
  EXPECT_EQ(evict(), 1U);
}

TEST_F(EvictionOrderTest, WhatWasFetchedAheadIsLikeOthersOnceItIsRead) {
  add(1, true);
  add(2);
  use(1);

  EXPECT_EQ(evict(Ahead::stays), 2U);
  EXPECT_EQ(evict(Ahead::stays), 1U);
}

TEST_F(EvictionOrderTest, WhatIsAbandonedGoesFirst) {
  for (const Name name : {1U, 2U}) add(name);
  for (const Name name : {3U, 4U}) add(name, true);

  order_.abandon(at(4));

  EXPECT_THAT(evict_all(), ElementsAre(4, 1, 2, 3));
}

TEST_F(EvictionOrderTest, WhatIsAbandonedGoesBeforeWhatIsKeptToo) {
  for (Name name = 1; name <= 50; ++name) add(name);
  ASSERT_THAT(evict_all(), testing::SizeIs(50));
  for (Name name = 1; name <= 50; ++name) add(name);  // they are remembered
  add(100, true);

  order_.abandon(at(100));

  EXPECT_EQ(evict(), 100U);
}

TEST_F(EvictionOrderTest, WhatWasReadIsNotAbandoned) {
  for (const Name name : {1U, 2U}) add(name);

  order_.abandon(at(2));

  EXPECT_EQ(evict(), 1U);
}

TEST_F(EvictionOrderTest, WhatWasFetchedAheadLongAgoIsAbandoned) {
  for (const Name name : {1U, 2U, 3U}) add(name, true);  // 48, 32 and 16 pages ago

  order_.abandon_older_than(48);
  EXPECT_EQ(order_.ahead(), 3 * pages_of_entry);
  order_.abandon_older_than(31);
  EXPECT_EQ(order_.ahead(), pages_of_entry);

  EXPECT_TRUE(evict(Ahead::stays));
  EXPECT_TRUE(evict(Ahead::stays));
  EXPECT_EQ(evict(Ahead::stays), std::nullopt);
  EXPECT_TRUE(has(3));
}

TEST_F(EvictionOrderTest, WhatCannotGoIsPassedOver) {
  add_kept(4);
  for (const Name name : {1U, 2U, 3U}) add(name);
  add(5, true);

  EXPECT_EQ(evict(Ahead::goes_last, {1, 3}), 2U);
  EXPECT_EQ(evict(Ahead::goes_last, {1, 3}), 4U);
  EXPECT_EQ(evict(Ahead::goes_last, {1, 3}), 5U);
  EXPECT_EQ(evict(Ahead::goes_last, {1, 3}), std::nullopt);
  EXPECT_EQ(evict(Ahead::goes_last, {3}), 1U);
}

TEST_F(EvictionOrderTest, CountsThePagesThatNobodyHasRead) {
  EXPECT_EQ(order_.ahead(), 0U);
  for (const Name name : {1U, 2U, 3U, 4U}) add(name, true);
  add(5);
  EXPECT_EQ(order_.ahead(), 4 * pages_of_entry);

  order_.grow(at(1), 3);
  order_.grow(at(2), -5);
  EXPECT_EQ(order_.ahead(), 4 * pages_of_entry - 2);

  use(1);
  EXPECT_EQ(order_.ahead(), 3 * pages_of_entry - 5);
  order_.remove(at(2));
  entries_.erase(2);
  EXPECT_EQ(order_.ahead(), 2 * pages_of_entry);
  order_.abandon(at(3));
  EXPECT_EQ(order_.ahead(), pages_of_entry);
  evict_all();
  EXPECT_EQ(order_.ahead(), 0U);
  EXPECT_THAT(entries_, IsEmpty());
}

}  // namespace
}  // namespace blobmount
