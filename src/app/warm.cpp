#include "app/warm.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/mount_table.hpp"
#include "app/progress_line.hpp"
#include "app/warming.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;

constexpr auto draw_pause = 200ms;
/// How late the end may be noticed.
constexpr std::chrono::nanoseconds tick = 20ms;

/// Failures that are remembered for the end; each has been said when it came.
constexpr std::size_t most_failures = 1000;

/// The line of the terminal behind stderr, if it is one.
class StatusLine {
 public:
  void show(const std::string& text) {
    if (shows_) std::cerr << "\r" << text << "\x1b[K" << std::flush;
  }
  void clear() { show(""); }

  /// Columns that can be written without a line break, with the "^C" that a terminal adds. Asked each time:
  /// the window may have changed.
  [[nodiscard]] static std::size_t width() {
    static constexpr unsigned spare = 3;
    winsize window{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0;
    return known && window.ws_col > spare ? window.ws_col - spare : 80 - spare;
  }

 private:
  const bool shows_ = ::isatty(STDERR_FILENO) == 1;
};

void say(const WarmFailure& failure) {
  std::cerr << "blobmount: cannot warm '" << failure.path << "': " << failure.error << std::endl;
}

bool all_are_mounted(const std::vector<std::string>& paths) {
  const auto table = read_mount_table();
  bool all = true;
  for (const auto& path : paths) {
    if (const auto place = find_mounted_place(table, path); !place) {
      say({path, place.error().message});
      all = false;
    }
  }
  return all;
}

/// Those that would end us come to next_signal() only; what is ignored stays so.
class Signals {
 public:
  Signals() {
    sigemptyset(&ours_);
    for (const int number : {SIGINT, SIGTERM}) {
      struct sigaction action {};
      if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset(&ours_, number);
    }
    ::pthread_sigmask(SIG_BLOCK, &ours_, &before_);
  }
  ~Signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] std::optional<int> next_signal(std::chrono::nanoseconds patience) const {
    const timespec time{0, patience.count()};
    const int number = ::sigtimedwait(&ours_, nullptr, &time);
    return number > 0 ? std::optional(number) : std::nullopt;
  }

 private:
  sigset_t ours_{}, before_{};
};

/// As if it had never been held back: a shell that runs us in a loop is to see what ended us.
[[noreturn]] void die_of(int number) {
  sigset_t alone;
  sigemptyset(&alone);
  sigaddset(&alone, number);
  ::signal(number, SIG_DFL);
  ::raise(number);
  ::pthread_sigmask(SIG_UNBLOCK, &alone, nullptr);
  std::_Exit(128 + number);
}

class Warmer {
 public:
  explicit Warmer(const WarmCommand& command) : warming_(command.paths) {}

  /// Until the end, or a signal, which is returned.
  std::optional<int> run() {
    for (auto next_draw = began_; !warming_.over();) {
      if (const auto signal = signals_.next_signal(tick)) return signal;
      tell_failures();
      const auto now = std::chrono::steady_clock::now();
      if (now < next_draw) continue;
      draw(now);
      next_draw = now + draw_pause;
    }
    tell_failures();
    return std::nullopt;
  }

  void clear_line() { line_.clear(); }
  [[nodiscard]] bool all_well() const { return failures_ == 0; }

  void print_json(std::ostream& out) const {
    auto failed = nlohmann::json::array();
    for (const auto& [path, error] : first_failures_) failed.push_back({{"path", path}, {"error", error}});
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - began_;
    const auto progress = warming_.progress();
    const nlohmann::json report{{"files", progress.files_found},
                                {"bytes", progress.bytes_found},
                                {"already_cached_bytes", warming_.already_cached()},
                                {"fetched_bytes", warming_.fetched()},
                                {"seconds", time.count()},
                                {"failed", std::move(failed)}};
    // names of blobs may be anything
    out << report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }

 private:
  void tell_failures() {
    for (auto& failure : warming_.take_failures()) {
      line_.clear();
      say(failure);
      if (++failures_ <= most_failures) first_failures_.push_back(std::move(failure));
    }
  }

  void draw(SteadyTime now) {
    rate_.note(now, warming_.fetched());
    line_.show(progress_line(warming_.progress(), rate_.rate(), StatusLine::width()));
  }

  const Signals signals_{};  // first: the threads are not to have them
  const SteadyTime began_ = std::chrono::steady_clock::now();
  StatusLine line_{};
  RateMeter rate_{};
  std::size_t failures_ = 0;
  std::vector<WarmFailure> first_failures_{};
  Warming warming_;
};

}  // namespace

int warm(const WarmCommand& command) {
  if (!all_are_mounted(command.paths)) return EXIT_FAILURE;
  Warmer warmer(command);
  const auto signal = warmer.run();
  warmer.clear_line();
  // reads that wait end with the process, and only with it
  if (signal) die_of(*signal);
  if (command.json) warmer.print_json(std::cout);
  return warmer.all_well() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace blobmount
