#include "base/thread.hpp"

#include <array>
#include <csignal>
#include <string>

#include <gtest/gtest.h>
#include <pthread.h>

namespace blobmount {
namespace {

std::string name_in(const std::string& wanted) {
  std::array<char, 16> name{};
  start_thread(wanted, [&name] { pthread_getname_np(pthread_self(), name.data(), name.size()); }).join();
  return name.data();
}

sigset_t blocked_here() {
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  return blocked;
}

TEST(Thread, BearsItsName) { EXPECT_EQ(name_in("network/3"), "network/3"); }

TEST(Thread, ALongNameIsCutAndNotForgotten) { EXPECT_EQ(name_in("operations/12345678"), "operations/1234"); }

TEST(Thread, LeavesSignalsToOthers) {
  sigset_t blocked;
  sigemptyset(&blocked);

  start_thread("test", [&blocked] { blocked = blocked_here(); }).join();

  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGCHLD, SIGALRM, SIGQUIT}) {
    EXPECT_EQ(sigismember(&blocked, number), 1) << number;
  }
}

TEST(Thread, ItsOwnDefectsStillMakeACrashReport) {
  sigset_t blocked;
  sigfillset(&blocked);

  start_thread("test", [&blocked] { blocked = blocked_here(); }).join();

  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    EXPECT_EQ(sigismember(&blocked, number), 0) << number;
  }
}

TEST(Thread, TheStartingThreadKeepsItsSignals) {
  const auto before = blocked_here();

  start_thread("test", [] {}).join();

  const auto after = blocked_here();
  for (const int number : {SIGINT, SIGTERM, SIGPIPE, SIGUSR1}) {
    EXPECT_EQ(sigismember(&after, number), sigismember(&before, number)) << number;
  }
}

}  // namespace
}  // namespace blobmount
