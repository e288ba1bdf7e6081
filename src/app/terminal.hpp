#pragma once

/// A terminal that shows a screen which is drawn again and again, and is left as it was.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <signal.h>
#include <termios.h>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

#include "cache/system_files.hpp"

namespace blobmount {

/// For the main thread. While it lives, signals that would end the program, and changes of the size, are only
/// told by wait(); keys are not echoed.
class Terminal {
 public:
  /// unsupported where stdin and stdout are no terminal.
  static Result<std::unique_ptr<Terminal>> open();
  /// What was on the screen is there again.
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] std::size_t width() const;
  /// As many of `lines`, and as much of each, as there is room for. A line without colours or other controls.
  void draw(const std::vector<std::string>& lines);

  enum class Event : std::uint8_t { quit, redraw, time_is_over };
  /// Until q or Ctrl-C is pressed, a signal comes or the size has changed; `at_most` so long.
  Event wait(Duration at_most);

 private:
  Terminal(const termios& before, const sigset_t& mask_before, Descriptor signals)
      : before_(before), mask_before_(mask_before), signals_(std::move(signals)) {}

  const termios before_;
  const sigset_t mask_before_;
  const Descriptor signals_;
};

}  // namespace blobmount
