#include "support/process.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>

#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

bool gone_within(pid_t pid, Duration timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (::kill(pid, 0) == 0) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

TEST(Process, TellsStatusAndOutput) {
  const auto finished = run({.arguments = {"sh", "-c", "echo out; echo err >&2; exit 3"}});

  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->status, 3);
  EXPECT_EQ(finished->output, "out\n");
  EXPECT_EQ(finished->error_output, "err\n");
}

TEST(Process, RunsInTheEnvironmentAndDirectoryItWasGiven) {
  const TemporaryDirectory directory;

  const auto finished = run({.arguments = {"sh", "-c", "echo $COLOUR-$HOME; pwd"},
                             .environment = {{"COLOUR", "blue"}},
                             .unset = {"HOME"},
                             .directory = directory.path()});

  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->output, "blue-\n" + directory.path().string() + "\n");
}

TEST(Process, AProgramThatDoesNotExistIsAnError) {
  EXPECT_THROW(Process({.arguments = {"no-such-program"}}), std::system_error);
}

TEST(Process, ASignalShowsInTheStatus) {
  const Process process({.arguments = {"sleep", "60"}});
  EXPECT_FALSE(process.wait(0ms));

  process.signal(SIGTERM);

  EXPECT_EQ(process.wait(30s), 128 + SIGTERM);
  EXPECT_EQ(process.wait(0ms), 128 + SIGTERM) << "the answer stays";
}

TEST(Process, OutputCanBeWaitedForWhileItRuns) {
  const Process process({.arguments = {"sh", "-c", "echo ready; sleep 60"}});

  EXPECT_TRUE(process.wait_for_output("ready\n", 30s));
  EXPECT_FALSE(process.wait_for_output("never", 50ms));
}

TEST(Process, ItsChildrenGoWithIt) {
  pid_t grandchild = 0;
  {
    const Process process({.arguments = {"sh", "-c", "sleep 60 & echo $!; wait"}});
    ASSERT_TRUE(process.wait_for_output("\n", 30s));
    grandchild = std::stoi(process.output());
  }

  EXPECT_TRUE(gone_within(grandchild, 30s));
}

TEST(Process, DiesWithTheTestThatStartedIt) {
  // the kernel's promise is about the thread, so the end of a thread stands for the end of the test
  std::optional<Process> process;
  std::thread([&process] { process.emplace(Command{.arguments = {"sleep", "60"}}); }).join();

  EXPECT_EQ(process->wait(30s), 128 + SIGKILL);
}

}  // namespace
}  // namespace blobmount::tests
