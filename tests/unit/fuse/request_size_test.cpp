#include "fuse/request_size.hpp"

#include <cstdint>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

constexpr std::uint64_t kib = 1U << 10U, mib = 1U << 20U, gib = 1U << 30U;

class RequestSize : public testing::Test {
 protected:
  void allow(std::uint64_t bytes) const {
    std::ofstream(file()) << bytes / static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) << '\n';
  }
  [[nodiscard]] std::uint64_t allowed() const {
    std::uint64_t pages = 0;
    std::ifstream(file()) >> pages;
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  [[nodiscard]] Result<std::uint64_t> agree(std::uint64_t wanted, std::uint64_t memory = gib) const {
    return agree_on_longest_request(wanted, memory, file());
  }
  [[nodiscard]] std::string file() const { return directory.path() / "max_pages_limit"; }

  const TemporaryDirectory directory;
};

TEST_F(RequestSize, IsWhatTheKernelAllowsUpToFourMib) {
  for (const auto bytes : {128 * kib, mib, 2 * mib, 4 * mib}) {
    allow(bytes);
    EXPECT_EQ(agree(0).value(), bytes);
  }
  allow(64 * mib);
  EXPECT_EQ(agree(0).value(), 4 * mib);
}

TEST_F(RequestSize, IsLessWhereThereIsLittleMemory) {
  allow(4 * mib);

  EXPECT_EQ(agree(0, 128 * mib).value(), 2 * mib);
  EXPECT_EQ(agree(0, 64 * mib).value(), mib);
}

TEST_F(RequestSize, TheLimitIsRaisedForWhoAsksForMoreOnly) {
  allow(mib);

  EXPECT_EQ(agree(0).value(), mib);
  EXPECT_EQ(agree(256 * kib).value(), 256 * kib);
  EXPECT_EQ(allowed(), mib);

  EXPECT_EQ(agree(8 * mib).value(), 8 * mib);
  EXPECT_EQ(allowed(), 8 * mib);
}

TEST_F(RequestSize, OlderKernelsHaveOneMib) {
  EXPECT_EQ(agree(0).value(), mib);

  const auto more = agree(2 * mib);
  ASSERT_FALSE(more);
  EXPECT_NE(more.error().message.find("6.13"), std::string::npos) << more.error().message;
}

TEST_F(RequestSize, WhoMayNotRaiseTheLimitIsToldHow) {
  const auto refused = agree_on_longest_request(16 * mib, gib, "/proc/self/oom_score");

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::permission_denied);
  EXPECT_NE(refused.error().message.find("sysctl fs.fuse.max_pages_limit=4096"), std::string::npos)
      << refused.error().message;
}

}  // namespace
}  // namespace blobmount::tests
