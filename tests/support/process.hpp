#pragma once

/// Programs that a test starts: each in a process group of its own, its output captured. None outlives the
/// test, not even one that is killed.

#include <chrono>
#include <condition_variable>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/types.h>

#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"

namespace blobmount::tests {

struct Command {
  std::vector<std::string> arguments;                ///< the first is the program, looked up in PATH
  std::map<std::string, std::string> environment{};  ///< over the test's own
  std::vector<std::string> unset{};                  ///< of the test's own environment
  std::string directory{};                           ///< to run in; empty: the test's own
};

/// A child process. Its stdin is /dev/null. Safe to use from any thread.
class Process {
 public:
  /// Start `command`. Throws std::system_error where it cannot be started, its program being absent included.
  /// The kernel kills the child when the thread that called this ends: call it from one that lasts.
  explicit Process(const Command& command);
  /// Kills the process and its group with SIGKILL, and reaps it.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Stays this process's own until the destructor, even when it has ended.
  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Send a signal to the process, or to it and its group. No effect once it has ended.
  void signal(int number) const;
  void signal_group(int number) const;

  /// How it ended: its exit status, or 128 + the signal that killed it. Nothing if it still runs after
  /// `timeout`.
  [[nodiscard]] std::optional<int> wait(Duration timeout) const;

  /// What it has written so far.
  [[nodiscard]] std::string output() const BM_EXCLUDES(mutex_);
  [[nodiscard]] std::string error_output() const BM_EXCLUDES(mutex_);

  /// Wait until stdout or stderr holds `text`. False after `timeout`, or when both ended without it.
  [[nodiscard]] bool wait_for_output(std::string_view text, Duration timeout) const BM_EXCLUDES(mutex_);
  /// Wait until every holder of stdout and stderr has closed them, so that output() is complete.
  [[nodiscard]] bool wait_for_end_of_output(Duration timeout) const BM_EXCLUDES(mutex_);

 private:
  void read_output() BM_EXCLUDES(mutex_);

  pid_t pid_ = -1;
  int stdout_ = -1, stderr_ = -1;
  int stop_ = -1;  ///< an eventfd: the reader gives up, whoever still holds the other ends

  mutable Mutex mutex_;
  mutable std::condition_variable arrived_;
  std::string output_ BM_GUARDED_BY(mutex_);
  std::string error_output_ BM_GUARDED_BY(mutex_);
  bool output_ended_ BM_GUARDED_BY(mutex_) = false;

  std::thread reader_;
};

struct Finished {
  int status = 0;  ///< as of Process::wait
  std::string output, error_output;
};

/// Run `command` to its end. Nothing if it took longer than `timeout`; it is killed then.
std::optional<Finished> run(const Command& command, Duration timeout = std::chrono::seconds{30});

}  // namespace blobmount::tests
