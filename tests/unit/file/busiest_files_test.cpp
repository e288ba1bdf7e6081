#include "file/busiest_files.hpp"

#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::chrono_literals;

const SteadyTime start{1000h};
constexpr std::uint64_t mib = 1U << 20U;

TEST(BusiestFiles, AreThoseOfWhichMostIsRead) {
  BusiestFiles files;
  files.add("a", 10 * mib, start);
  files.add("b", 30 * mib, start);
  files.add("a", 10 * mib, start);

  const auto top = files.top(10, start);
  ASSERT_EQ(top.size(), 2U);
  EXPECT_EQ(top[0].name, "b");
  EXPECT_NEAR(top[0].bytes_per_second, 3 * mib, 1);
  EXPECT_EQ(top[1].name, "a");
  EXPECT_EQ(files.top(1, start).size(), 1U);
}

TEST(BusiestFiles, AreForgottenWhenNobodyReadsThemAnyMore) {
  BusiestFiles files;
  files.add("old", 100 * mib, start);
  files.add("new", 10 * mib, start + 1min);

  EXPECT_EQ(files.top(1, start + 1min).front().name, "new");
  EXPECT_TRUE(files.top(1, start + 10min).empty());
}

TEST(BusiestFiles, AreFoundAmongAnyNumberOfOthers) {
  BusiestFiles files;
  for (int i = 0; i < 10000; ++i) {
    files.add("small" + std::to_string(i), mib / 8, start);
    if (i % 10 == 0) files.add("large", mib, start);
  }

  const auto top = files.top(1000, start);
  EXPECT_EQ(top.front().name, "large");
  EXPECT_LE(top.size(), BusiestFiles::most_names);
}

}  // namespace
}  // namespace blobmount
