#include "base/run_program.hpp"

#include <chrono>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "base/thread.hpp"
#include "support/eventually.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

Result<ProgramEnd> shell(const std::string& script, Duration at_most = 30s) {
  return run_program({"sh", "-c", script}, at_most);
}

std::string output_of(const std::string& script) {
  const auto ended = shell(script);
  return ended ? ended->output : ended.error().message;
}

TEST(RunProgram, TellsWhatItPrintedAndHowItEnded) {
  const auto ended = shell("echo out; echo err >&2; exit 3");

  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, 3);
  EXPECT_EQ(ended->output, "out\n");
  EXPECT_EQ(ended->error_output, "err\n");
}

TEST(RunProgram, ThatASignalKilledSaysWhich) { EXPECT_EQ(shell("kill -9 $$").value().status, 128 + SIGKILL); }

TEST(RunProgram, ArgumentsAreNoShellWords) {
  const auto ended = run_program({"echo", "$HOME; *", "a b"}, 30s);

  EXPECT_EQ(ended.value().output, "$HOME; * a b\n");
}

TEST(RunProgram, ThatIsNotThereIsNotFound) {
  const auto ended = run_program({"no-such-program-of-blobmount"}, 30s);

  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::not_found);
  EXPECT_THAT(ended.error().message, HasSubstr("no-such-program-of-blobmount"));
}

TEST(RunProgram, HasNothingToReadAndNoFileOfOurs) {
  const int ours = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  ASSERT_GE(ours, 3);

  EXPECT_EQ(output_of("cat"), "");
  EXPECT_THAT(output_of("ls -l /proc/$$/fd"), Not(HasSubstr(" " + std::to_string(ours) + " -> /dev/null")));
  EXPECT_EQ(output_of("pwd"), "/\n");

  ::close(ours);
}

TEST(RunProgram, OfAThreadThatBlocksSignalsTakesThemAll) {
  std::string blocked;
  start_thread("blocking", [&] { blocked = output_of("grep SigBlk /proc/self/status"); }).join();

  EXPECT_EQ(blocked, "SigBlk:\t0000000000000000\n");
}

TEST(RunProgram, KeepsTheFirst64KiBOfEach) {
  const auto ended = shell("yes 1 | head -c 1000000; yes 2 | head -c 100000 >&2");

  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->output.size(), 64U << 10U);
  EXPECT_EQ(ended->error_output.size(), 64U << 10U);
}

TEST(RunProgram, ThatTakesTooLongIsKilledWithWhatItStarted) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "pid";

  const auto ended = shell("sleep 1000 & echo $! >" + file.string() + "; wait", 10s);

  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::timed_out);
  pid_t sleeper = 0;
  std::ifstream(file) >> sleeper;
  ASSERT_GT(sleeper, 0);
  // killed at once, and reaped by whoever inherits it
  EXPECT_TRUE(eventually(10s, [&] {
    std::string state;
    std::ifstream status("/proc/" + std::to_string(sleeper) + "/stat");
    std::string number, name;
    return !(status >> number >> name >> state) || state == "Z";
  }));
}

TEST(RunProgram, ThatPrintsForEverIsKilled) {
  const auto ended = shell("exec yes", 300ms);

  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::timed_out);
}

TEST(RunProgram, IsNotWaitedForLongerThanItTakesWhateverItLeavesBehind) {
  const auto started = std::chrono::steady_clock::now();

  const auto ended = shell("echo done; (sleep 20) &");

  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->output, "done\n");
  EXPECT_LT(std::chrono::steady_clock::now() - started, 20s) << "the sleeper holds its output open";
}

}  // namespace
}  // namespace blobmount::tests
