#include "app/terminal.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/write_all.hpp"

namespace blobmount {
namespace {

constexpr char control_c = 0x03;

// xterm's and all others': https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
constexpr std::string_view enter_other_screen = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view leave_other_screen = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view to_the_top = "\x1b[H";
constexpr std::string_view clear_rest_of_line = "\x1b[K";
constexpr std::string_view clear_rest_of_screen = "\x1b[J";

/// Where the terminal went away, a signal says so.
void show(std::string_view text) { (void)write_all(STDOUT_FILENO, text); }

winsize size_of_terminal() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {24, 80, 0, 0};
  return size;
}

/// Characters, not bytes: those of UTF-8 begin with a byte that is no continuation.
std::string cut(const std::string& line, std::size_t width) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(line[at]) & 0xC0U) != 0x80;
    if (begins && characters++ == width) return line.substr(0, at);
  }
  return line;
}

}  // namespace

Result<std::unique_ptr<Terminal>> Terminal::open() {
  termios before{};
  if (::isatty(STDOUT_FILENO) == 0 || ::tcgetattr(STDIN_FILENO, &before) != 0) {
    return Error{ErrorCode::unsupported,
                 "this is no terminal: --once prints the rates of one second, --json for programs"};
  }
  sigset_t wanted, mask_before;
  sigemptyset(&wanted);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}) sigaddset(&wanted, signal);
  ::pthread_sigmask(SIG_BLOCK, &wanted, &mask_before);
  Descriptor signals(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  std::unique_ptr<Terminal> terminal(new Terminal(before, mask_before, std::move(signals)));
  if (!terminal->signals_) return system_error("make a signalfd");

  auto raw = before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  show(enter_other_screen);
  return terminal;
}

Terminal::~Terminal() {
  show(leave_other_screen);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

std::size_t Terminal::width() const { return size_of_terminal().ws_col; }

void Terminal::draw(const std::vector<std::string>& lines) {
  const auto size = size_of_terminal();
  std::string screen(to_the_top);
  const auto shown = std::min<std::size_t>(lines.size(), size.ws_row);
  for (std::size_t i = 0; i < shown; ++i) {
    screen.append(cut(lines[i], size.ws_col)).append(clear_rest_of_line);
    if (i + 1 < shown) screen += "\r\n";
  }
  show(screen.append(clear_rest_of_screen));
}

Terminal::Event Terminal::wait(Duration at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (true) {
    const auto left = std::chrono::ceil<Duration>(deadline - std::chrono::steady_clock::now());
    std::array<pollfd, 2> waiting{{{STDIN_FILENO, POLLIN, 0}, {signals_.number(), POLLIN, 0}}};
    const int ready =
        ::poll(waiting.data(), waiting.size(), static_cast<int>(std::max(left, Duration{0}).count()));
    if (ready == 0) return Event::time_is_over;
    signalfd_siginfo signal{};
    if (waiting[1].revents != 0 && ::read(signals_.number(), &signal, sizeof signal) == sizeof signal)
      return signal.ssi_signo == SIGWINCH ? Event::redraw : Event::quit;
    if (waiting[0].revents == 0) continue;
    char key = 0;
    if (::read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == control_c) return Event::quit;
  }
}

}  // namespace blobmount
