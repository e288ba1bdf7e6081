#include "base/flood_gate.hpp"

#include <gtest/gtest.h>

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using Verdict = FloodGate::Verdict;

const SteadyTime start{1h};

TEST(FloodGate, TheFirstOnesAreToldTheRestIsCounted) {
  FloodGate gate({.most = 2, .window = 60s});

  EXPECT_EQ(gate.on_event("read", "a", start), Verdict::tell);
  EXPECT_EQ(gate.on_event("read", "b", start + 1s), Verdict::tell);
  EXPECT_EQ(gate.on_event("read", "c", start + 2s), Verdict::count_the_first);
  EXPECT_EQ(gate.on_event("read", "d", start + 3s), Verdict::count);
  EXPECT_EQ(gate.time_left("read", start + 3s), 57s);

  const auto rest = gate.take("read", start + 60s);
  EXPECT_EQ(rest.count, 2U);
  EXPECT_EQ(rest.since, 60s);
  EXPECT_EQ(gate.on_event("read", "d", start + 60s), Verdict::tell);
}

TEST(FloodGate, KindsAreApart) {
  FloodGate gate({.most = 1});

  EXPECT_EQ(gate.on_event("read", "a", start), Verdict::tell);
  EXPECT_EQ(gate.on_event("open", "a", start), Verdict::tell);
  EXPECT_EQ(gate.on_event("read", "b", start), Verdict::count_the_first);
}

TEST(FloodGate, TheSameAtOnceIsTheSame) {
  FloodGate gate({.most = 2, .window = 60s, .same_within = 1s});

  EXPECT_EQ(gate.on_event("read", "a", start), Verdict::tell);
  EXPECT_EQ(gate.on_event("read", "a", start + 900ms), Verdict::same);
  EXPECT_EQ(gate.on_event("read", "a", start + 1800ms), Verdict::same);
  EXPECT_EQ(gate.on_event("read", "a", start + 2800ms), Verdict::count_the_first);
}

TEST(FloodGate, AWindowWithoutARestEndsByItself) {
  FloodGate gate({.most = 1, .window = 60s});

  EXPECT_EQ(gate.on_event("read", "a", start), Verdict::tell);
  EXPECT_EQ(gate.on_event("read", "b", start + 60s), Verdict::tell);
}

TEST(FloodGate, ARestThatIsNotTakenInTimeIsNotLost) {
  FloodGate gate({.most = 1, .window = 60s});

  EXPECT_EQ(gate.on_event("read", "a", start), Verdict::tell);
  EXPECT_EQ(gate.on_event("read", "b", start), Verdict::count_the_first);
  EXPECT_EQ(gate.on_event("read", "c", start + 61s), Verdict::count);
  EXPECT_EQ(gate.take("read", start + 62s).count, 2U);
}

}  // namespace
}  // namespace blobmount
