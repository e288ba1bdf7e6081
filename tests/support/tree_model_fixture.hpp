#pragma once

/// The lower half of a tower over a service that a seed changes: what the drivers of the tree's model share.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/memory_budget.hpp"
#include "cache/memory_tier.hpp"
#include "cache/remote_source.hpp"
#include "fakes/fake_blob_store.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "support/tree_model.hpp"
#include "tree/mounted_tree.hpp"

namespace blobmount::tests {

#ifdef BLOBMOUNT_SANITIZED
inline constexpr int model_test_scale = 10;
#else
inline constexpr int model_test_scale = 1;
#endif

class TreeModelFixture : public testing::TestWithParam<TreeModelCase> {
 protected:
  TreeModelFixture() : seed(seed_of_run()), dice(seed) {
    RecordProperty("seed", std::to_string(seed));
    for (int i = 0; i < 12; ++i) paths.push_back("file-" + std::to_string(i));
    if (GetParam().directories) add_directories();
    for (const auto& path : paths) {
      if (!dice.one_in(3)) world.put(path, next_size());
    }
  }
  ~TreeModelFixture() override {
    if (HasFailure())
      std::fprintf(stderr, "BLOBMOUNT_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  }

  /// Each path is sometimes a blob; d0 to d4 are directories too, and the names beside them sort around '/'.
  void add_directories() {
    for (int i = 0; i < 5; ++i) {
      const auto directory = "d" + std::to_string(i);
      for (int j = 0; j < 6; ++j) {
        paths.push_back(directory + "/file-" + std::to_string(j));
        paths.push_back(directory + "/e" + std::to_string(j % 2) + "/f" + std::to_string(j));
      }
      paths.push_back(directory + "!");
      paths.push_back(directory);
      for (const auto& place : {directory, directory + "/e0"}) {
        markers.push_back(place);
        markers.push_back(place + "/");
      }
    }
  }

  std::unique_ptr<MountedTree> make_tree() {
    return std::make_unique<MountedTree>(
        store, memory, clock, log,
        TreeConfig{.consistency = GetParam().consistency, .attr_ttl = attr_ttl_of_model},
        MountSource{"account", {}, "c", ""});
  }

  /// Sizes tell versions apart.
  std::uint64_t next_size() {
    const bool large = large_one_in != 0 && dice.one_in(large_one_in);
    return ++last_size + (large ? 2ULL << 20U : 0);
  }
  void change_something() {
    if (!markers.empty() && dice.one_in(10)) {
      const auto& marker = dice.one_of(markers);
      return dice.one_in(2) ? world.remove(marker) : world.put_marker(marker);
    }
    const auto& path = dice.one_of(paths);
    dice.one_in(3) ? world.remove(path) : world.put(path, next_size());
  }
  void break_something() {
    using Call = FakeBlobStore::Call;
    static const std::vector<Call> calls = {Call::list_blobs, Call::get_properties, Call::read};
    static const std::vector<ErrorCode> codes = {ErrorCode::unavailable, ErrorCode::timed_out,
                                                 ErrorCode::permission_denied};
    store.fail_next(dice.one_of(calls), Error{dice.one_of(codes), "injected"},
                    1 + static_cast<int>(dice.below(2)));
  }
  void page_otherwise() {
    store.limit_pages(static_cast<int>(dice.one_in(2) ? 5000 : 1 + dice.below(9)));
    store.put_empty_pages_between(static_cast<int>(dice.one_in(3) ? dice.below(3) : 0));
  }
  /// Short while answers are held back.
  Duration next_pause() {
    static const std::vector<Duration> pauses = {
        std::chrono::milliseconds{1},   std::chrono::milliseconds{10},  std::chrono::milliseconds{100},
        std::chrono::milliseconds{100}, std::chrono::milliseconds{300}, std::chrono::milliseconds{900}};
    const auto pause = dice.one_of(pauses);
    if (held_since) return std::min<Duration>(pause, std::chrono::milliseconds{100});
    return dice.one_in(40) ? std::chrono::seconds{12} : pause;
  }

  const std::uint64_t seed;
  Dice dice;
  std::uint64_t large_one_in = 0;  ///< so many of which one blob has megabytes; 0: none has
  RecordingLog log;
  ManualClock clock;  // what is due when it ends may be logged
  FakeBlobStore store{FakeBlobStore::Delivery::at_once};
  World world{store, clock};
  MemoryBudget budget{64ULL << 20U};
  RemoteSource remote{store};
  MemoryTier memory{remote, budget};
  std::vector<std::string> paths, markers;
  std::uint64_t last_size = 0;
  std::optional<SteadyTime> held_since{};  ///< answers are held back; at most for longest_delay
  static constexpr Duration longest_delay = std::chrono::seconds{3};
};

}  // namespace blobmount::tests
