#include "app/background.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace blobmount {
namespace {

using Body = std::function<int(const std::function<void()>& ready)>;

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~Pipe() {
    close_writer();
    close(ends_[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void write(char c) const { EXPECT_EQ(::write(ends_[1], &c, 1), 1); }
  /// Waits until another process has written, or until all that could have ended: 0.
  [[nodiscard]] char read() {
    close_writer();
    char c = 0;
    return ::read(ends_[0], &c, 1) == 1 ? c : '\0';
  }
  void take_the_place_of(int stream) const { EXPECT_EQ(dup2(ends_[1], stream), stream); }
  void close_writer() {
    if (ends_[1] >= 0) close(std::exchange(ends_[1], -1));
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

/// What run_in_background returns, in a process of its own, for its child leaves by exit().
int status_of(const Body& body) {
  std::fflush(nullptr);  // else it is written twice
  const auto process = fork();
  if (process == 0) {
    const auto me = getpid();
    const int status = run_in_background(body);
    // the child would come here only by a defect
    _exit(getpid() == me ? status : 99);
  }
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(Background, EndsWithSuccessAsSoonAsTheChildIsReady) {
  Pipe go_on, ended;

  const int status = status_of([&](const std::function<void()>& ready) -> int {
    ready();
    static_cast<void>(go_on.read());  // until the test says so: the parent did not wait for it
    ended.write('e');
    return 7;
  });

  EXPECT_EQ(status, EXIT_SUCCESS);
  go_on.close_writer();
  EXPECT_EQ(ended.read(), 'e');
}

TEST(Background, EndsWithTheStatusOfAChildThatIsNeverReady) {
  for (const int expected : {0, 1, 2, 42}) {
    EXPECT_EQ(status_of([&](const auto&) { return expected; }), expected);
  }
}

TEST(Background, EndsWithFailureWhereTheChildIsKilled) {
  EXPECT_EQ(status_of([](const auto&) -> int { std::abort(); }), EXIT_FAILURE);
}

TEST(Background, TheChildIsInASessionOfItsOwnOnceItIsReadyAndKeepsNoDirectoryBusy) {
  Pipe seen;

  const int status = status_of([&](const std::function<void()>& ready) -> int {
    const bool with_us = getsid(0) != getpid();  // Ctrl-C ends it, too
    ready();
    const bool apart = getsid(0) == getpid();
    std::array<char, 16> where{};
    const bool at_root = getcwd(where.data(), where.size()) != nullptr && std::string(where.data()) == "/";
    seen.write(with_us && apart && at_root ? 'y' : 'n');
    return 0;
  });

  EXPECT_EQ(status, EXIT_SUCCESS);
  EXPECT_EQ(seen.read(), 'y');
}

TEST(Background, TheChildLeavesTheTerminalWhenItIsReadyAndNotBefore) {
  Pipe output;

  const int status = status_of([&](const std::function<void()>& ready) -> int {
    const auto is_null = [] { return std::filesystem::read_symlink("/proc/self/fd/2") == "/dev/null"; };
    output.take_the_place_of(STDERR_FILENO);
    const bool before = is_null();
    ready();
    output.write(!before && is_null() ? 'y' : 'n');
    return 0;
  });

  EXPECT_EQ(status, EXIT_SUCCESS);
  EXPECT_EQ(output.read(), 'y');
}

}  // namespace
}  // namespace blobmount
