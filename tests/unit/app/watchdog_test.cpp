#include "app/watchdog.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "fakes/recording_log.hpp"
#include "support/eventually.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr Duration interval = 20ms, soon = 20s;

void answer_at_once(const std::function<void()>& done) { done(); }

/// How often no answer of `vital` was there.
std::int64_t misses(const RecordingLog& log, const std::string& vital) {
  return std::ranges::count(log.lines(), "error the watchdog gets no answer from=" + vital);
}
bool names(const RecordingLog& log, const std::string& vital) { return misses(log, vital) > 0; }

TEST(Watchdog, IsToldAsLongAsAllAnswer) {
  RecordingLog log;
  std::atomic<int> told{0};
  const Watchdog watchdog(
      interval, {{"one", answer_at_once}, {"another", answer_at_once}}, [&] { ++told; }, log);

  EXPECT_TRUE(eventually(soon, [&] { return told >= 3; }));
}

TEST(Watchdog, IsNotToldWhileOneDoesNotAnswer) {
  RecordingLog log;
  std::atomic<int> told{0}, asked{0};
  std::function<void()> answer;
  const auto keep = [&](std::function<void()> done) {
    answer = std::move(done);
    ++asked;
  };
  const Watchdog watchdog(
      interval, {{"one", answer_at_once}, {"the stuck one", keep}}, [&] { ++told; }, log);

  ASSERT_TRUE(eventually(soon, [&] { return names(log, "the stuck one"); }));

  EXPECT_EQ(told, 0);
  EXPECT_EQ(asked, 1) << "it is not asked again meanwhile";
  const auto late = answer;  // it is replaced by the next round
  late();
  EXPECT_TRUE(eventually(soon, [&] { return told > 0; })) << "once it answers, all is well";
}

TEST(Watchdog, AnAnswerThatALookHasMissedIsStillInTime) {
  constexpr Duration long_interval = 24s;
  RecordingLog log;
  std::atomic<std::int64_t> missed{0};  // when the service manager was told
  std::function<void()> answer;
  const auto keep = [&](std::function<void()> done) { answer = std::move(done); };
  const auto note_first = [&] {
    if (missed == 0) missed = misses(log, "the late one");
  };
  const auto began = std::chrono::steady_clock::now();
  const Watchdog watchdog(long_interval, {{"the late one", keep}}, note_first, log);

  ASSERT_TRUE(eventually(soon, [&] { return names(log, "the late one"); }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, long_interval / 2) << "a look is a quarter";
  const auto late = answer;
  late();

  ASSERT_TRUE(eventually(soon, [&] { return missed > 0; }));
  EXPECT_LT(missed, 4) << "of four in each interval";
}

TEST(Watchdog, WaitsForEachAnswerOfSeveral) {
  RecordingLog log;
  std::atomic<int> told{0};
  const auto answer_once = [](const std::function<void()>& done) { done(); };
  const Watchdog watchdog(
      interval, {{"two threads", answer_once, 2}}, [&] { ++told; }, log);

  ASSERT_TRUE(eventually(soon, [&] { return names(log, "two threads"); }));

  EXPECT_EQ(told, 0);
}

}  // namespace
}  // namespace blobmount::tests
