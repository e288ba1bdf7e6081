#include "fuse/captured_stderr.hpp"

#include <optional>
#include <string_view>

#include <gtest/gtest.h>
#include <unistd.h>

namespace blobmount {
namespace {

void say(std::string_view words) {
  ASSERT_EQ(::write(STDERR_FILENO, words.data(), words.size()), static_cast<ssize_t>(words.size()));
}

TEST(CapturedStderr, KeepsTheHelpersLastWordsAndHandsOnTheRest) {
  testing::internal::CaptureStderr();
  std::optional<CapturedStderr> captured("helper");

  say("helper: first\na line of the log\nhelper: second\n");
  const auto words = captured->last_words();
  captured.reset();
  say("afterwards\n");

  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a line of the log\nafterwards\n");
  EXPECT_EQ(words, "helper: second");
}

TEST(CapturedStderr, OfAHelperThatSaysNothingIsEmpty) {
  const CapturedStderr captured("helper");
  EXPECT_EQ(captured.last_words(), "");
}

}  // namespace
}  // namespace blobmount
