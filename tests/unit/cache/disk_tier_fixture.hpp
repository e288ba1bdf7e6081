#pragma once

/// A disk tier in a directory of its own, over an origin that has all bytes; mounted and remounted at will.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cache/disk_care.hpp"
#include "cache/disk_claim.hpp"
#include "cache/disk_tier.hpp"
#include "fakes/faulty_directory.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "support/eventually.hpp"
#include "support/temporary_directory.hpp"
#include "unit/cache/disk_parts.hpp"

namespace blobmount::tests {

class DiskTierTest : public testing::Test {
 protected:
  DiskTierTest() { limits.free_space = 0; }
  ~DiskTierTest() override { faults.release(); }

  /// As a mount finds the directory; what was mounted before is unmounted.
  void mount() {
    tier.reset();
    auto directory = claim_directory(path());
    ASSERT_TRUE(directory) << directory.error().message;
    auto opened = DiskTier::open(origin, faulty_directory(*std::move(directory), faults), "https://account",
                                 limits, budget, clock, log);
    ASSERT_TRUE(opened) << opened.error().message;
    tier = *std::move(opened);
    origin.asked();
  }

  SharedWatch start(const SharedVersion& version, PageRange pages) {
    auto fetch = fetch_of(version, pages);
    tier->start({fetch});
    return fetch;
  }
  Status read(const SharedVersion& version, PageRange pages) { return start(version, pages)->wait(); }
  void read_all(const SharedVersion& version) {
    EXPECT_TRUE(read(version, all_pages(*version))) << version->blob;
  }

  /// Read it, until it is on disk as well.
  void keep(const SharedVersion& version) {
    read_all(version);
    EXPECT_TRUE(eventually(std::chrono::seconds{20}, [&] { return tier->complete(*version); }))
        << version->blob;
    origin.asked();
  }
  /// Until nothing that was kept is being checked for the kernel: till then it is in use.
  void settle() {
    DiskProgress nothing;
    nothing.stop = true;
    tier->clear(nothing);
  }
  /// What the origin is asked for in order to read the whole version.
  std::vector<PageRange> missing(const SharedVersion& version) {
    origin.asked();
    read_all(version);
    return origin.asked();
  }

  [[nodiscard]] std::string path() const { return parent.path() / "cache"; }
  /// Files of versions, with that ending.
  [[nodiscard]] std::vector<std::filesystem::path> files(const std::string& extension) const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      if (entry.path().extension() == extension) found.push_back(entry.path());
    }
    return found;
  }
  static void flip_bit(const std::filesystem::path& file, std::uint64_t offset) {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekg(static_cast<std::streamoff>(offset));
    const auto byte = stream.get();
    stream.seekp(static_cast<std::streamoff>(offset));
    stream.put(static_cast<char>(byte ^ 1));
    ASSERT_TRUE(stream.good()) << file;
  }

  TemporaryDirectory parent;
  Origin origin;
  ManualClock clock;
  RecordingLog log;
  DiskLimits limits;
  MemoryBudget budget{64ULL << 20U};
  DiskFaults faults;
  std::unique_ptr<DiskTier> tier;  // last: it uses all others
};

}  // namespace blobmount::tests
