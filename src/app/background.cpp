#include "app/background.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace blobmount {
namespace {

/// Not before the mount is usable: until then Ctrl-C is meant for the child, too.
void leave_terminal() {
  setsid();
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nowhere, stream);
  close(nowhere);
}

[[noreturn]] void run_child(int ready_pipe, const std::function<int(const std::function<void()>&)>& body) {
  if (chdir("/") != 0) std::exit(EXIT_FAILURE);  // so that no other filesystem is kept busy
  const auto ready = [ready_pipe] {
    leave_terminal();
    const char yes = 1;
    [[maybe_unused]] const auto written = write(ready_pipe, &yes, 1);
    close(ready_pipe);
  };
  std::exit(body(ready));
}

int wait_for_end(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

}  // namespace

int run_in_background(const std::function<int(const std::function<void()>& ready)>& body) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    close(ends[0]);
    run_child(ends[1], body);
  }
  close(ends[1]);
  char ready = 0;
  ssize_t count = 0;
  while ((count = read(ends[0], &ready, 1)) < 0 && errno == EINTR) {
  }
  return count == 1 ? EXIT_SUCCESS : wait_for_end(child);
}

}  // namespace blobmount
