#pragma once

/// What helper programs say on stderr, kept so that it can become part of a sentence of our own.

#include <string>

namespace blobmount {

/// As long as it lives, stderr goes to it. What else was written meanwhile (a line of the log) is handed on
/// at its end.
class CapturedStderr {
 public:
  /// `helper` is how the lines to be kept begin: "fusermount3:".
  explicit CapturedStderr(std::string helper);
  ~CapturedStderr();
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  /// The last line of the helper; empty: it said nothing.
  [[nodiscard]] std::string last_words() const;

 private:
  [[nodiscard]] std::string text() const;

  const std::string helper_;
  const int stderr_;
  const int kept_;
};

}  // namespace blobmount
