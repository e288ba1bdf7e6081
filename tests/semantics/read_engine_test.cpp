/// What reading costs, and whom it keeps waiting: requests and bytes are counted at the service, below a real
/// mount.

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fakes/synthetic_content.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kib = 1U << 10U, mib = 1U << 20U, gib = 1U << 30U;
constexpr std::uint64_t page = 64 * kib;  ///< what is fetched at least
constexpr auto get = RequestKind::get_blob;
constexpr int direct = O_RDONLY | O_DIRECT;  ///< past the kernel's page cache

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool sanitized = false;
#endif

bool is_of_seed(std::uint64_t seed, const std::string& bytes, std::uint64_t offset) {
  return SyntheticContent(seed).matches(offset, std::as_bytes(std::span(bytes)));
}

bool is_synthetic(const std::string& bytes, const std::string& blob, std::uint64_t offset) {
  return is_of_seed(SyntheticContent::seed_of(blob), bytes, offset);
}

class ReadEngine : public testing::Test {
 protected:
  /// As programs do that are not of this process: read the whole of it, and compare. Prints how much that
  /// was.
  [[nodiscard]] Command whole_reader(const Mounted& mounted, const std::string& blob) const {
    const auto period = directory.path() / (blob + ".period");
    if (!std::filesystem::exists(period)) {
      std::string bytes(SyntheticContent::period, '\0');
      SyntheticContent(SyntheticContent::seed_of(blob)).fill(0, std::as_writable_bytes(std::span(bytes)));
      std::ofstream(period, std::ios::binary) << bytes;
    }
    static constexpr auto script = R"(
import sys
period = open(sys.argv[2], "rb").read()
total = 0
with open(sys.argv[1], "rb") as file:
    while piece := file.read(len(period)):
        assert piece == period[:len(piece)], "other bytes at %d" % total
        total += len(piece)
print(total)
)";
    return {.arguments = {"python3", "-c", script, mounted / blob, period}};
  }

  /// Run `count` readers of each blob at once, and expect that each of them gets all `size` bytes.
  void expect_that_all_read(const Mounted& mounted, const std::vector<std::string>& blobs, int count,
                            std::uint64_t size) const {
    std::vector<std::unique_ptr<Process>> readers;
    for (int i = 0; i < count; ++i) {
      for (const auto& blob : blobs)
        readers.push_back(std::make_unique<Process>(whole_reader(mounted, blob)));
    }
    for (const auto& reader : readers) {
      EXPECT_EQ(reader->wait(60s), 0);
      ASSERT_TRUE(reader->wait_for_end_of_output(5s));
      EXPECT_EQ(reader->output(), std::to_string(size) + "\n") << reader->error_output();
    }
  }

  void expect_read(const FileHandle& file, const std::string& blob, std::uint64_t offset,
                   std::size_t size) const {
    const auto read = file.read(offset, size);
    EXPECT_EQ(read.error, 0) << offset;
    EXPECT_EQ(read.bytes.size(), size) << offset;
    EXPECT_TRUE(is_synthetic(read.bytes, blob, offset)) << offset;
  }

  /// The ranges that blobs were asked for since the last reset.
  [[nodiscard]] std::vector<ByteRange> gets() const {
    std::vector<ByteRange> ranges;
    for (const auto& request : account.service.stats().requests()) {
      if (request.kind == get) ranges.push_back(request.range.value_or(ByteRange{}));
    }
    return ranges;
  }

  [[nodiscard]] ServiceStats& stats() { return account.service.stats(); }
  BlobCatalog& blobs() { return account.service.blobs(); }

  mutable ServedAccount account;
  const TemporaryDirectory directory;
};

TEST_F(ReadEngine, ManyReadersOfABlobCostItsBytesOnce) {
  blobs().put_synthetic("test", "blob", 64 * mib);
  const Mounted mounted(account.mount("test").with("--memory", "512MiB"));

  expect_that_all_read(mounted, {"blob"}, 8, 64 * mib);

  EXPECT_GE(stats().counts().body_bytes, 64 * mib);
  EXPECT_LE(stats().counts().body_bytes, 65 * mib);
}

TEST_F(ReadEngine, ARandomReadCostsOnePage) {
  blobs().put_synthetic("test", "blob", gib);
  const Mounted mounted(account.mount("test").with("--attr-ttl", "60"));
  const FileHandle file(mounted / "blob");
  const auto offset = 700 * mib + 3 * page + 8 * kib;
  stats().reset();

  expect_read(file, "blob", offset, 4096);

  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(gets(), (std::vector<ByteRange>{{700 * mib + 3 * page, page}}));
  EXPECT_EQ(stats().counts().all(), 1U);
}

TEST_F(ReadEngine, TheEndOfABlobCostsOnePageAtMost) {
  constexpr auto size = gib + 5000;  // so that the last page is short
  blobs().put_synthetic("test", "blob", size);
  const Mounted mounted(account.mount("test").with("--attr-ttl", "60"));
  const FileHandle file(mounted / "blob");
  stats().reset();

  expect_read(file, "blob", size - 4096, 4096);

  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(gets(), (std::vector<ByteRange>{{gib, 5000}}));
}

TEST_F(ReadEngine, ASmallBlobComesWholeWithItsFirstByte) {
  constexpr auto size = 700 * kib;
  blobs().put_synthetic("test", "blob", size);
  const Mounted mounted(account.mount("test").with("--attr-ttl", "60"));
  const FileHandle file(mounted / "blob", direct);
  stats().reset();

  expect_read(file, "blob", 300'000, 1);
  EXPECT_EQ(gets().size(), 1U);
  expect_read(file, "blob", 0, size);
  EXPECT_TRUE(is_synthetic(read_file(mounted / "blob").bytes, "blob", 0))
      << "opened again, through the kernel";

  EXPECT_EQ(gets(), (std::vector<ByteRange>{{0, size}}));
}

TEST_F(ReadEngine, OpenAndReadOfAKnownBlobCostOneRequest) {
  blobs().put_synthetic("test", "blob", 100 * kib);
  const Mounted mounted(account.mount("test").with("--attr-ttl", "60"));
  ASSERT_TRUE(status_of(mounted / "blob"));
  stats().reset();

  const FileHandle file(mounted / "blob");
  expect_read(file, "blob", 0, 4096);

  EXPECT_EQ(stats().counts().all(), 1U);
  EXPECT_EQ(stats().counts().of(get), 1U);
}

TEST_F(ReadEngine, BackwardsAndInStridesNeedsFewerRequestsThanReads) {
  blobs().put_synthetic("test", "backwards", 32 * mib);
  blobs().put_synthetic("test", "strided", 256 * mib);
  const Mounted mounted(account.mount("test"));

  const FileHandle backwards(mounted / "backwards", direct);
  stats().reset();
  for (auto offset = 32 * mib; offset > 0; offset -= page) {
    expect_read(backwards, "backwards", offset - page, page);
  }
  EXPECT_LT(gets().size(), 32 * mib / page / 8);

  // what is skipped is not fetched: a request a read at most, and they come before they are waited for
  const FileHandle strided(mounted / "strided", direct);
  stats().reset();
  for (auto offset = 10 * kib; offset < 200 * mib; offset += mib)
    expect_read(strided, "strided", offset, 4096);
  EXPECT_LE(gets().size(), 200U + 16U);
  EXPECT_LE(stats().counts().body_bytes, (200U + 16U) * page);

  stats().reset();
  for (auto offset = 96 * kib; offset < 50 * mib; offset += 20 * kib) {
    expect_read(strided, "strided", offset, 4096);
  }
  EXPECT_LT(gets().size(), 50 * mib / (20 * kib) / 2) << "strides within pages";
}

TEST_F(ReadEngine, TwoStreamsThroughOneDescriptorAreBothReadAhead) {
  blobs().put_synthetic("test", "blob", 256 * mib);
  const Mounted mounted(account.mount("test"));
  const FileHandle file(mounted / "blob", direct);
  stats().reset();

  for (std::uint64_t at = 0; at < 16 * mib; at += page) {
    expect_read(file, "blob", 16 * mib + at, page);
    expect_read(file, "blob", 128 * mib + at, page);
  }

  const auto ranges = gets();
  EXPECT_LT(ranges.size(), 2 * 16 * mib / page / 4);
  for (const auto start : {16 * mib, 128 * mib}) {
    const auto large = std::count_if(ranges.begin(), ranges.end(), [start](ByteRange range) {
      return range.offset >= start && range.offset < start + 16 * mib && range.length >= mib;
    });
    EXPECT_GE(large, 4) << "from " << start;
  }
}

TEST_F(ReadEngine, AReaderThatLeavesLeavesNoWorkBehind) {
  blobs().put_synthetic("test", "blob", gib);
  account.service.set_network({.bytes_per_second = 8.0 * mib});
  const Mounted mounted(account.mount("test"));
  const auto head = run({.arguments = {"head", "-c", "1M", mounted / "blob"}});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->output.size(), mib);
  EXPECT_TRUE(is_synthetic(head->output, "blob", 0));

  EXPECT_TRUE(eventually(20s, [this] {  // what the kernel itself has asked for ends first
    const auto then = stats().counts();
    std::this_thread::sleep_for(1s);
    return stats().counts().of(get) == then.of(get) && stats().counts().body_bytes == then.body_bytes;
  }));
  EXPECT_LE(stats().counts().body_bytes, 16 * mib);
}

TEST_F(ReadEngine, AReaderThatIsKilledWhileTheServiceStallsHoldsUpNothing) {
  blobs().put_synthetic("test", "stalled", 64 * mib);
  blobs().put_synthetic("test", "other", 4 * mib);
  account.service.faults().add_always({.kind = FaultKind::stall}, get, "test/stalled");
  const Mounted mounted(account.mount("test").with("--stall-timeout", "60"));
  const Process reader({.arguments = {"cat", mounted / "stalled"}});
  ASSERT_TRUE(eventually(20s, [this] { return account.service.faults().hits() > 0; }));
  std::this_thread::sleep_for(50ms);  // and the reader sleeps

  const auto killed = std::chrono::steady_clock::now();
  reader.signal(SIGKILL);

  EXPECT_EQ(reader.wait(30s), 128 + SIGKILL);
  EXPECT_TRUE(is_synthetic(read_file(mounted / "other").bytes, "other", 0));
  // the kernel lets go of the file a moment after the process has ended
  EXPECT_TRUE(eventually(30s, [&mounted] { return unmount(mounted.path()) == 0; }));
  EXPECT_EQ(mounted.process().wait(30s), 0) << mounted.log();
  EXPECT_LT(std::chrono::steady_clock::now() - killed, 40s) << "a stall lasts for 60 s";
}

TEST_F(ReadEngine, WhatIsHereDoesNotWaitForWhatIsStalled) {
  blobs().put_synthetic("test", "here", 16 * mib);
  blobs().put_synthetic("test", "stalled", 16 * mib);
  const Mounted mounted(account.mount("test").with("--attr-ttl", "60"));
  const FileHandle here(mounted / "here", direct), stalled(mounted / "stalled", direct);
  expect_read(here, "here", 5 * mib, page);
  account.service.faults().add_always({.kind = FaultKind::stall}, get);
  std::vector<std::unique_ptr<Process>> readers;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    const Command command{.arguments = {"tail", "-c", std::to_string(i * mib), mounted / "stalled"}};
    readers.push_back(std::make_unique<Process>(command));
  }
  ASSERT_TRUE(eventually(10s, [this] { return account.service.faults().hits() > 0; }));
  std::this_thread::sleep_for(100ms);

  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) expect_read(here, "here", 5 * mib, page);

  EXPECT_LT(std::chrono::steady_clock::now() - start, 8s) << "stalls last for 10 s";
}

/// Whether the first byte of a file is in the kernel's page cache.
bool in_page_cache(const std::filesystem::path& path) {
  const FileHandle file(path);
  void* const mapping = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file.descriptor(), 0);
  if (mapping == MAP_FAILED) return false;
  unsigned char there = 0;
  const bool known = ::mincore(mapping, 4096, &there) == 0;
  ::munmap(mapping, 4096);
  return known && (there & 1U) != 0;
}

TEST_F(ReadEngine, ThePageCacheIsKeptOverOpensUntilTheBlobChanges) {
  blobs().put_synthetic("test", "blob", 4 * mib, 1);
  const Mounted mounted(account.mount("test").with("--attr-ttl", "0"));
  ASSERT_TRUE(is_of_seed(1, read_file(mounted / "blob").bytes, 0));
  stats().reset();

  EXPECT_TRUE(in_page_cache(mounted / "blob"));
  const auto again = read_file(mounted / "blob");
  EXPECT_EQ(again.bytes.size(), 4 * mib);
  EXPECT_TRUE(is_of_seed(1, again.bytes, 0));
  EXPECT_EQ(gets().size(), 0U);

  blobs().put_synthetic("test", "blob", 4 * mib, 2);
  EXPECT_FALSE(in_page_cache(mounted / "blob"));
  const auto changed = read_file(mounted / "blob");
  EXPECT_EQ(changed.bytes.size(), 4 * mib);
  EXPECT_TRUE(is_of_seed(2, changed.bytes, 0));
  EXPECT_GE(gets().size(), 1U);
}

/// What the process has had in memory at most.
std::uint64_t most_memory(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    if (word != "VmHWM:") continue;
    std::uint64_t kibibytes = 0;
    status >> kibibytes;
    return kibibytes * kib;
  }
  return 0;
}

TEST_F(ReadEngine, StaysWithinItsMemory) {
  const std::vector<std::string> names{"one", "two", "three", "four"};
  for (const auto& name : names) blobs().put_synthetic("test", name, 128 * mib);
  const Mounted mounted(account.mount("test").with("--memory", "64MiB"));

  expect_that_all_read(mounted, names, 2, 128 * mib);

  const auto most = most_memory(mounted.process().pid());
  EXPECT_GT(most, 0U);
  EXPECT_LE(most, sanitized ? gib : 128 * mib);
}

TEST_F(ReadEngine, TheKernelReadsAheadInStepsOfItsOwn) {
  if (::geteuid() != 0) GTEST_SKIP() << "the setting is root's";
  const Mounted mounted(account.mount());
  const auto device = status_of(mounted.path())->st_dev;
  std::ostringstream setting;
  setting << "/sys/class/bdi/" << major(device) << ':' << minor(device) << "/read_ahead_kb";

  EXPECT_EQ(content_of(setting.str()), "4096\n");
}

}  // namespace
}  // namespace blobmount::tests
