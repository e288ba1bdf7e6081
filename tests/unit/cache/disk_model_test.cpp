/// Random reads of several versions, over remounts, evictions, failures and damage, compared with what the
/// bytes must be. Each test says its seed.

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cache/disk_tier.hpp"
#include "unit/cache/disk_tier_fixture.hpp"

namespace blobmount::tests {
namespace {

class DiskModelTest : public DiskTierTest {
 protected:
  enum Kind { calm, stormy };

  DiskModelTest() {
    limits.size = 60 * page_size;
    limits.waiting = 40 * page_size;
    for (std::uint64_t i = 0; i < 6; ++i) {
      versions.push_back(version_of_size("blob" + std::to_string(i), (5 + 11 * i) * page_size - 1000 * i));
    }
  }

  std::uint64_t below(std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random);
  }

  SharedWatch random_fetch() {
    const auto& version = versions[below(versions.size())];
    const auto count = all_pages(*version).count;
    const auto first = below(count);
    return fetch_of(version, {first, 1 + below(std::min<std::uint64_t>(count - first, 24))});
  }

  void read_some() {
    std::vector<SharedWatch> fetches;
    for (auto i = below(6) + 1; i > 0; --i) fetches.push_back(random_fetch());
    if (below(2) == 0) fetches.front()->become(Urgency::ahead);
    if (below(8) == 0) fetches.front()->abandon();
    tier->start({fetches.begin(), fetches.end()});
    for (const auto& fetch : fetches) check(*fetch, fetch->wait());
    // a disk that fails leaves bytes behind that nobody counts until the next mount
    if (kind == calm) {
      EXPECT_LE(tier->stats().bytes, limits.size);
    }
  }

  void check(const WatchedFetch& fetch, const Status& outcome) const {
    if (!outcome && outcome.error().code == ErrorCode::cancelled) {
      EXPECT_FALSE(fetch.wanted());
    } else if (!outcome) {
      EXPECT_TRUE(origin_fails);
    }
  }

  /// Between two mounts.
  void damage() {
    tier.reset();
    damage_a_file();
    mount();
  }

  void damage_a_file() {
    const auto found = files(below(2) == 0 ? ".data" : ".pages");
    if (found.empty()) return;
    const auto& file = found[below(found.size())];
    const auto size = std::filesystem::file_size(file);
    switch (below(4)) {
      case 0:
        return std::filesystem::resize_file(file, below(size + 1));
      case 1:
        std::filesystem::remove(file);
        return;
      default:
        const auto step = page_size / 2 + below(page_size);
        for (auto offset = below(50); offset < size; offset += step) flip_bit(file, offset);
    }
  }

  void mend() {
    origin_fails = false;
    origin.fail(nullptr);
    faults.fail_writes(std::nullopt);
    faults.fail_reads(std::nullopt);
    clock.advance(std::chrono::minutes{10});
  }

  void break_something() {
    switch (below(5)) {
      case 0:
      case 1:
        return damage();
      case 2:
        return faults.fail_writes(below(2) == 0 ? ErrorCode::unavailable : ErrorCode::no_space);
      case 3:
        return faults.fail_reads(ErrorCode::unavailable);
      default:
        origin_fails = true;
        origin.fail([](std::uint64_t page) { return page % 7 == 3; });
    }
  }

  void step() {
    const auto chosen = below(20);
    if (chosen < 2) return mount();
    if (kind == stormy && chosen == 2) return mend();
    if (kind == stormy && chosen < 6) return break_something();
    read_some();
  }

  void run(std::uint64_t seed, Kind its_kind) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random.seed(seed);
    kind = its_kind;
    mend();
    std::filesystem::remove_all(path());
    mount();
    for (int i = 0; i < 100 && !HasFailure(); ++i) step();
    tier.reset();
  }

  /// The same ones each time, and one that nobody tried before.
  static std::vector<std::uint64_t> seeds() {
    std::vector<std::uint64_t> chosen{std::random_device{}()};
    for (std::uint64_t seed = 1; seed <= 3; ++seed) chosen.push_back(seed);
    return chosen;
  }

  std::mt19937_64 random;
  std::vector<SharedVersion> versions;
  bool origin_fails = false;
  Kind kind = calm;
};

TEST_F(DiskModelTest, TheBytesAreRightAndTheLimitIsKept) {
  for (const auto seed : seeds()) run(seed, calm);
}

TEST_F(DiskModelTest, WhateverHappensTheBytesAreRightAndEveryFetchEndsOnce) {
  for (const auto seed : seeds()) run(seed, stormy);
}

}  // namespace
}  // namespace blobmount::tests
