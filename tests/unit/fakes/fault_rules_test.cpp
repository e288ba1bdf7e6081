#include "fakes/fault_rules.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace blobmount::tests {
namespace {

/// Which of the next `count` requests are hit, counted from 1.
std::vector<int> hits(FaultRules& rules, int count, RequestKind kind = RequestKind::get_blob,
                      const std::string& name = "box/a") {
  std::vector<int> numbers;
  for (int i = 1; i <= count; ++i) {
    if (rules.next(kind, name)) numbers.push_back(i);
  }
  return numbers;
}

TEST(FaultRules, HitTheNthOnly) {
  FaultRules rules;
  rules.add({.first = 3});
  EXPECT_EQ(hits(rules, 10), (std::vector{3}));
}

TEST(FaultRules, HitEveryNthUpToALimit) {
  FaultRules rules;
  rules.add({.first = 2, .every = 3, .times = 3});
  EXPECT_EQ(hits(rules, 20), (std::vector{2, 5, 8}));
  EXPECT_EQ(rules.hits(), 3u);
}

TEST(FaultRules, CountOnlyWhatMatches) {
  FaultRules rules;
  rules.add({.request = RequestKind::get_blob, .name = "/b", .first = 2});
  EXPECT_EQ(hits(rules, 5), (std::vector<int>{}));
  EXPECT_EQ(hits(rules, 5, RequestKind::head_blob, "box/b"), (std::vector<int>{}));
  EXPECT_EQ(hits(rules, 5, RequestKind::get_blob, "box/b"), (std::vector{2}));
}

TEST(FaultRules, AlwaysLastsUntilCleared) {
  FaultRules rules;
  rules.add_always({.status = 503});
  EXPECT_EQ(hits(rules, 3), (std::vector{1, 2, 3}));
  rules.clear();
  EXPECT_EQ(hits(rules, 3), (std::vector<int>{}));
}

}  // namespace
}  // namespace blobmount::tests
