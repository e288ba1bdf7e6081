#include "fakes/synthetic_content.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

std::vector<std::byte> part(const SyntheticContent& content, std::uint64_t offset, std::size_t size) {
  std::vector<std::byte> bytes(size);
  content.fill(offset, bytes);
  return bytes;
}

TEST(SyntheticContent, IsAFunctionOfSeedAndOffset) {
  const SyntheticContent content(1);
  const auto whole = part(content, 1'000'000, 10'000'000);

  for (const std::uint64_t offset : {0u, 1u, 4096u, 48'572u, 48'573u, 1'048'573u, 8'388'602u}) {
    const auto piece = part(SyntheticContent(1), 1'000'000 + offset, 10'000);
    EXPECT_TRUE(std::equal(piece.begin(), piece.end(), whole.begin() + static_cast<std::ptrdiff_t>(offset)));
    EXPECT_TRUE(content.matches(1'000'000 + offset, piece));
  }
}

TEST(SyntheticContent, AMisplacedBlockDoesNotMatch) {
  const SyntheticContent content(1);
  for (const std::uint64_t block : {4096u, 65536u, 1u << 20, 4u << 20, 16u << 20}) {
    for (std::uint64_t distance = block; distance <= 64 * block; distance += block) {
      EXPECT_FALSE(content.matches(distance, part(content, 0, 4096))) << block << " " << distance;
    }
  }
}

TEST(SyntheticContent, AnotherBlobHasOtherBytes) {
  const auto seed = SyntheticContent::seed_of("a"), other = SyntheticContent::seed_of("b");
  EXPECT_FALSE(SyntheticContent(seed).matches(0, part(SyntheticContent(other), 0, 64)));
}

TEST(SyntheticContent, OneWrongByteIsSeen) {
  const SyntheticContent content(1);
  auto bytes = part(content, 0, 100'000);
  bytes[99'999] ^= std::byte{1};
  EXPECT_FALSE(content.matches(0, bytes));
}

}  // namespace
}  // namespace blobmount::tests
