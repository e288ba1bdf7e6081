#include "app/watchdog.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
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

bool names(const RecordingLog& log, const std::string& vital) {
  const auto lines = log.lines();
  return std::find(lines.begin(), lines.end(), "error the watchdog gets no answer from=" + vital) !=
         lines.end();
}

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
  constexpr Duration long_interval = 12s;
  RecordingLog log;
  std::atomic<int> told{0};
  std::function<void()> answer;
  const auto keep = [&](std::function<void()> done) { answer = std::move(done); };
  const auto began = std::chrono::steady_clock::now();
  const Watchdog watchdog(
      long_interval, {{"the late one", keep}}, [&] { ++told; }, log);

  ASSERT_TRUE(eventually(soon, [&] { return names(log, "the late one"); }));
  const auto late = answer;
  late();

  ASSERT_TRUE(eventually(soon, [&] { return told > 0; }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, long_interval);
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
