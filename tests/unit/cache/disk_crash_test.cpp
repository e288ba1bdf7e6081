/// `kill -9` at any moment: the next mount serves right bytes only. WatchedFetch compares each page.

#include <csignal>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/disk_tier.hpp"
#include "unit/cache/disk_tier_fixture.hpp"

namespace blobmount::tests {
namespace {

using testing::IsEmpty;

class DiskCrashTest : public DiskTierTest {
 protected:
  DiskCrashTest() { limits.size = 10 * page_size; }

  /// Makes files, fills them in several steps, replaces a version, mends a page, evicts, and makes evicted
  /// ones again.
  void scenario() {
    mount();
    EXPECT_TRUE(read(one, {1, 2}));
    tier->stop();
    mount();
    read_all(one);
    read_all(two);
    mount();
    for (const auto& file : files(".data")) spoil_page(file, 0);
    read_all(two);
    read_all(changed);
    mount();
    read_all(three);
    mount();
    read_all(one);
    tier.reset();
  }

  void expect_right_bytes() {
    mount();
    for (const auto& version : {one, two, three, changed}) read_all(version);
    mount();
    for (const auto& version : {changed, three, two, one}) read_all(version);
    tier.reset();
  }

  /// And goes on: what is read now is on disk at the next mount.
  void expect_that_it_works() {
    mount();
    keep(three);
    mount();
    EXPECT_THAT(missing(three), IsEmpty());
    tier.reset();
  }

  void crash_at_each_change(bool torn) {
    scenario();
    const auto changes = faults.changes();
    ASSERT_GT(changes, 20U);
    for (std::size_t at = 0; at < changes; ++at) {
      SCOPED_TRACE("crash at change " + std::to_string(at));
      start_over();
      faults.crash_after(at, torn);
      scenario();
      faults.crash_after(1'000'000, false);
      expect_right_bytes();
      expect_that_it_works();
    }
  }

  void spoil_page(const std::filesystem::path& file, std::uint64_t page) const {
    if (std::filesystem::file_size(file) > page * page_size) flip_bit(file, page * page_size);
  }

  void start_over() {
    tier.reset();
    std::filesystem::remove_all(path());
  }

  const SharedVersion one = version_of("one", 4);
  const SharedVersion two = version_of_size("two", 3 * page_size + 10);
  const SharedVersion three = version_of("three", 5);
  /// Of the blob `one`, as somebody has overwritten it.
  const SharedVersion changed = std::make_shared<const BlobVersion>(
      BlobVersion{.container = "container", .blob = "one", .etag = "\"0x8E\"", .size = 3 * page_size});
};

TEST_F(DiskCrashTest, AfterACrashBeforeAnyChangeOfTheDiskOnlyRightBytesAreServed) {
  crash_at_each_change(false);
}

TEST_F(DiskCrashTest, AfterACrashInTheMiddleOfAnyChangeOfTheDiskOnlyRightBytesAreServed) {
  crash_at_each_change(true);
}

TEST_F(DiskCrashTest, AfterAFailureAtAnyTimeOnlyRightBytesAreServed) {
  for (const auto code : {ErrorCode::unavailable, ErrorCode::no_space, ErrorCode::not_found}) {
    start_over();
    scenario();
    faults.fail_writes(code);
    expect_right_bytes();
    faults.fail_writes(std::nullopt);
    clock.advance(std::chrono::minutes{10});
    expect_right_bytes();
  }
}

/// A process of its own reads until it is killed.
[[noreturn]] void read_forever(const std::string& path, const DiskLimits& limits) {
  Origin origin;
  ManualClock clock;
  RecordingLog log;
  auto directory = claim_directory(path);
  if (!directory) ::_exit(1);
  MemoryBudget budget(64ULL << 20U);
  auto tier = DiskTier::open(origin, *std::move(directory), "https://account", limits, budget, clock, log);
  for (int i = 0;; ++i) {
    const auto version = version_of("blob" + std::to_string(i % 8), 5);
    const auto fetch = fetch_of(version, all_pages(*version));
    (*tier)->start({fetch});
    (void)fetch->wait();
  }
}

TEST_F(DiskCrashTest, AProcessThatIsKilledLeavesRightBytesAndNoLock) {
  limits.size = 25 * page_size;
  for (int milliseconds = 5; milliseconds < 60; milliseconds += 10) {
    const auto child = ::fork();
    if (child == 0) read_forever(path(), limits);
    std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);

    mount();
    for (int i = 0; i < 8; ++i) read_all(version_of("blob" + std::to_string(i), 5));
    tier.reset();
  }
}

}  // namespace
}  // namespace blobmount::tests
