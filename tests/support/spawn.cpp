#include "support/spawn.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/process.hpp"

namespace blobmount::tests {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    reading = ends[0];
    writing = ends[1];
  }
  ~Pipe() {
    if (reading >= 0) ::close(reading);
    if (writing >= 0) ::close(writing);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int reading = -1, writing = -1;
};

std::vector<std::string> environment_of(const Command& command) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const auto name = text.substr(0, text.find('='));
    const bool gone = std::find(command.unset.begin(), command.unset.end(), name) != command.unset.end();
    if (!gone && !command.environment.contains(name)) variables.push_back(text);
  }
  for (const auto& [name, value] : command.environment) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// What the child needs, made before the fork: after it, in a program with threads, only async-signal-safe
/// calls are allowed.
struct Launch {
  char** arguments;
  char** environment;
  const char* directory;  ///< nullptr: stay
  pid_t parent;
  int output, error_output, report;
};

[[noreturn]] void become(const Launch& launch) {
  const auto give_up = [&launch] {
    const int reason = errno;
    (void)!::write(launch.report, &reason, sizeof reason);
    ::_exit(127);
  };
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launch.parent) ::_exit(127);  // it died before the line above

  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(launch.output, STDOUT_FILENO);
  ::dup2(launch.error_output, STDERR_FILENO);
  if (launch.directory != nullptr && ::chdir(launch.directory) != 0) give_up();

  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::execvpe(launch.arguments[0], launch.arguments, launch.environment);
  give_up();
  ::_exit(127);
}

}  // namespace

Child spawn(const Command& command) {
  auto arguments = command.arguments;
  auto environment = environment_of(command);
  auto argument_pointers = pointers_to(arguments);
  auto environment_pointers = pointers_to(environment);
  Pipe output, error_output, report;
  const Launch launch{.arguments = argument_pointers.data(),
                      .environment = environment_pointers.data(),
                      .directory = command.directory.empty() ? nullptr : command.directory.c_str(),
                      .parent = ::getpid(),
                      .output = output.writing,
                      .error_output = error_output.writing,
                      .report = report.writing};

  const pid_t pid = ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid == 0) become(launch);

  ::setpgid(pid, pid);  // on both sides, so that it is done whoever runs first
  ::close(std::exchange(report.writing, -1));
  int reason = 0;
  if (::read(report.reading, &reason, sizeof reason) == sizeof reason) {  // exec closes it without a word
    ::waitpid(pid, nullptr, 0);
    throw std::system_error(reason, std::generic_category(), "run " + command.arguments.front());
  }
  return {.pid = pid,
          .output = std::exchange(output.reading, -1),
          .error_output = std::exchange(error_output.reading, -1)};
}

}  // namespace blobmount::tests
