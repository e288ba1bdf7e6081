#include "cache/disk_writer.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "cache/disk_claim.hpp"
#include "fakes/faulty_directory.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "support/eventually.hpp"
#include "support/temporary_directory.hpp"
#include "unit/cache/disk_parts.hpp"

namespace blobmount::tests {
namespace {

/// A disk that is stuck until it is released.
class DiskWriterTest : public testing::Test {
 protected:
  DiskWriterTest() { faults.hold_writes(); }
  ~DiskWriterTest() override {
    faults.fail_writes(ErrorCode::unavailable);  // what is left waits for nothing
    faults.release();
  }

  std::unique_ptr<DiskStore> stuck_store() {
    auto directory = claim_directory(parent.path());
    auto opened = DiskStore::open(faulty_directory(*std::move(directory), faults), budget);
    return *std::move(opened);
  }

  void start(std::uint64_t pages_held) {
    writer.emplace(
        *store, DiskLimits{.free_space = 0, .waiting = pages_held * page_size}, [](const auto&) {}, clock,
        log);
  }
  /// Some of which the thread takes at once, and is stuck with.
  void keep(PageRange pages) {
    for (auto page = pages.first; page < pages.end(); ++page) writer->keep(identity, page, buffer);
  }
  void keep_until_stuck() {
    keep({0, 1});
    ASSERT_TRUE(eventually(std::chrono::seconds{20}, [this] { return faults.waiting() == 1; }));
  }
  /// The thread that stops the writer, once that has begun.
  std::thread stopping() {
    std::thread thread([this] { writer->stop(); });
    EXPECT_TRUE(eventually(std::chrono::seconds{20}, [this] {
      keep({1000, 1});
      return writer->dropped() > 0;
    }));
    return thread;
  }
  std::uint64_t written() {
    auto& index = store->index();
    return index.bytes_of(index.find(identity->name)) / page_size;
  }

  TemporaryDirectory parent;
  DiskFaults faults;
  ManualClock clock;
  RecordingLog log;
  MemoryBudget budget{64ULL << 20U};
  const std::unique_ptr<DiskStore> store = stuck_store();
  const SharedIdentity identity =
      std::make_shared<const DiskIdentity>(disk_identity("account", {"c", "blob", "e", 1ULL << 40U}));
  const PageBuffer buffer = new_page();
  std::optional<DiskWriter> writer;
};

TEST_F(DiskWriterTest, AStuckDiskDoesNotFillTheMemoryWithWhatItIsToWrite) {
  start(16384);
  keep_until_stuck();

  keep({1, 100'000});

  EXPECT_EQ(writer->dropped(), 100'000U - 32768U);
}

TEST_F(DiskWriterTest, AnUnmountWritesWhatWaitsAndNotAllThatIsInMemory) {
  start(4);
  keep_until_stuck();
  keep({1, 100});

  auto unmount = stopping();
  faults.release();
  unmount.join();

  EXPECT_GE(written(), 4U);
  EXPECT_LE(written(), 1U + 16U) << "neighbours are written together";
}

TEST_F(DiskWriterTest, AnUnmountGivesUpOnASlowDisk) {
  start(256);
  keep_until_stuck();
  keep({1, 100});

  auto unmount = stopping();
  clock.advance(std::chrono::seconds{5});
  faults.release();
  unmount.join();

  EXPECT_EQ(written(), 1U) << "what was being written";
}

}  // namespace
}  // namespace blobmount::tests
