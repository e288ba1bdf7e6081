/// A slow service keeps its own readers waiting, as long as they like to wait.

#include <cerrno>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>

#include "fakes/synthetic_content.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t gib = 1ULL << 30U;

bool is_synthetic(const std::string& bytes, const std::string& blob, std::uint64_t offset) {
  return SyntheticContent(SyntheticContent::seed_of(blob)).matches(offset, std::as_bytes(std::span(bytes)));
}

class Waiting : public testing::Test {
 protected:
  Waiting() {
    account.service.blobs().put_synthetic("test", "stalled", 1U << 20U);
    for (int i = 0; i < 20; ++i) account.service.blobs().put("test", "stalled-" + std::to_string(i), "text");
    account.service.blobs().put("test", "quick", "quick");
    account.service.faults().add_always({.kind = FaultKind::stall}, std::nullopt, "test/stalled");
  }

  void wait_until_somebody_waits() {
    ASSERT_TRUE(eventually(20s, [this] { return account.service.faults().hits() > 0; }));
    std::this_thread::sleep_for(50ms);  // and the reader sleeps
  }

  ServedAccount account;
};

TEST_F(Waiting, EndsWithTheReader) {
  account.service.faults().clear();
  account.service.faults().add_always({.kind = FaultKind::stall}, RequestKind::get_blob, "test/stalled");
  const Mounted mounted(account.mount("test"));
  int blob = 0;
  for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
    const auto hits = account.service.faults().hits();
    const Process reader({.arguments = {"cat", mounted / ("stalled-" + std::to_string(blob++))}});
    ASSERT_TRUE(eventually(20s, [&] { return account.service.faults().hits() > hits; }));

    reader.signal(signal);

    EXPECT_EQ(reader.wait(8s), 128 + signal);
  }
  EXPECT_EQ(content_of(mounted / "quick"), "quick") << "nobody else is the worse for it";
}

TEST_F(Waiting, ForAnAttributeEndsWithTheReaderToo) {
  const Mounted mounted(account.mount("test").with("--no-check"));
  const Process reader({.arguments = {"stat", mounted / "stalled"}});
  wait_until_somebody_waits();

  reader.signal(SIGINT);

  EXPECT_EQ(reader.wait(8s), 128 + SIGINT);
}

TEST_F(Waiting, ForOneBlobKeepsNobodyFromAnother) {
  const Mounted mounted(account.mount("test").with("--no-check"));
  std::vector<std::unique_ptr<Process>> readers;
  for (int i = 0; i < 20; ++i) {
    const auto path = mounted / ("stalled-" + std::to_string(i));
    readers.push_back(std::make_unique<Process>(Command{.arguments = {"cat", path}}));
  }
  // all of them, at the same time: a HEAD and a List each
  ASSERT_TRUE(eventually(20s, [this] { return account.service.faults().hits() >= 40; }))
      << account.service.faults().hits();

  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(content_of(mounted / "quick"), "quick");
  EXPECT_LT(std::chrono::steady_clock::now() - start, 8s);
}

TEST(Huge, BlobsAreReadBeyondFourGibibytes) {
  ServedAccount account;
  account.service.blobs().put_synthetic("test", "huge", 5 * gib + 1);
  const Mounted mounted(account.mount("test"));
  ASSERT_EQ(status_of(mounted / "huge")->st_size, static_cast<off_t>(5 * gib + 1));
  const FileHandle file(mounted / "huge");

  for (const auto offset : {std::uint64_t{0}, 2 * gib - 5000, 4 * gib - 5000, 4 * gib, 5 * gib - 9999}) {
    const auto read = file.read(offset, 10'000);
    EXPECT_EQ(read.bytes.size(), 10'000U) << offset;
    EXPECT_TRUE(is_synthetic(read.bytes, "huge", offset)) << offset;
  }
  const auto tail = run({.arguments = {"tail", "-c", "1000", mounted / "huge"}});
  ASSERT_TRUE(tail);
  EXPECT_EQ(tail->output.size(), 1000U);
  EXPECT_TRUE(is_synthetic(tail->output, "huge", 5 * gib + 1 - 1000));
}

TEST(Many, RangesOfOneBlobAreReadAtOnce) {
  ServedAccount account;
  account.service.blobs().put_synthetic("test", "blob", 64U << 20U);
  account.service.set_network({.bytes_per_second = 4U << 20U});
  const Mounted mounted(account.mount("test"));
  std::vector<std::thread> readers;
  for (std::uint64_t i = 0; i < 16; ++i) {
    readers.emplace_back([&mounted, i] {
      const FileHandle file(mounted / "blob");
      const auto offset = i * (4U << 20U);
      EXPECT_TRUE(is_synthetic(file.read(offset, 4U << 20U).bytes, "blob", offset));
    });
  }
  for (auto& reader : readers) reader.join();

  EXPECT_GT(account.service.stats().counts().most_gets_at_once, 4U);
}

}  // namespace
}  // namespace blobmount::tests
