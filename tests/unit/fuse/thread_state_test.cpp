#include "fuse/thread_state.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/eventually.hpp"
#include "support/process.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;

TEST(ThreadState, OneThatRunsOrSleepsHasNotEnded) {
  EXPECT_FALSE(says_that_it_ended("12 (cat) R 1 12 12 0 -1 4194304 95 0"));
  EXPECT_FALSE(says_that_it_ended("12 (cat) S 1 12 12 0 -1 4194560 95 0"));
  EXPECT_FALSE(says_that_it_ended("12 (cat) D 1 12 12 0 -1 4194304 95 0"));
}

TEST(ThreadState, AZombieAndOneThatIsExitingHaveEnded) {
  EXPECT_TRUE(says_that_it_ended("12 (cat) Z 1 12 12 0 -1 4194304 95 0"));
  EXPECT_TRUE(says_that_it_ended("12 (cat) X 1 12 12 0 -1 4194304 95 0"));
  EXPECT_TRUE(says_that_it_ended("12 (cat) D 1 12 12 0 -1 4194308 95 0")) << "PF_EXITING";
}

TEST(ThreadState, ANameMayHoldAnything) {
  EXPECT_FALSE(says_that_it_ended("12 (a) Z 1 1 1 1 1 4) S 1 12 12 0 -1 4194304 95 0"));
  EXPECT_TRUE(says_that_it_ended("12 () S (x) Z 1 12 12 0 -1 4194304 95 0"));
}

TEST(ThreadState, WhatIsNoStateIsNoEnd) {
  for (const auto* text : {"", ")", "12 (cat)", "12 (cat) Z", "12 (cat) S 1 12 12 0 -1 x 95"})
    EXPECT_FALSE(says_that_it_ended(text)) << text;
}

TEST(ThreadState, ThisThreadHasNotEndedAndNeitherHasTheFirstProcess) {
  EXPECT_FALSE(has_ended(::gettid()));
  EXPECT_FALSE(has_ended(1));
}

TEST(ThreadState, OfAnotherNamespaceNothingIsSaid) { EXPECT_FALSE(has_ended(0)); }

TEST(ThreadState, AProcessThatIsKilledHasEndedBeforeAndAfterItIsReaped) {
  const auto child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  EXPECT_FALSE(has_ended(child));

  ::kill(child, SIGKILL);

  EXPECT_TRUE(tests::eventually(20s, [child] { return has_ended(child); }));
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(has_ended(child));
}

TEST(ThreadState, AProcessMayEndWhileItIsLookedAt) {
  for (int i = 0; i < 300; ++i) {
    const auto child = ::fork();
    if (child == 0) ::_exit(0);
    std::thread reaping([child] { ::waitpid(child, nullptr, 0); });
    while (!has_ended(child)) continue;
    reaping.join();
  }
}

TEST(ThreadState, AThreadHasAnEndOfItsOwn) {
  std::atomic<pid_t> id{0};
  std::atomic<bool> go_on{true};
  std::thread thread([&] {
    id = ::gettid();
    id.notify_all();
    go_on.wait(true);
  });
  id.wait(0);
  EXPECT_FALSE(has_ended(id));

  go_on = false;
  go_on.notify_all();
  thread.join();

  EXPECT_TRUE(tests::eventually(20s, [&id] { return has_ended(id); }));
}

}  // namespace
}  // namespace blobmount
