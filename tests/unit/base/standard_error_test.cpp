#include "base/standard_error.hpp"

#include <array>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace blobmount {
namespace {

constexpr int far_more_than_fit = 100'000;

/// Stderr leads elsewhere as long as this lives. Takes `file`.
class Redirected {
 public:
  explicit Redirected(int file) : before_(::dup(STDERR_FILENO)) {
    ::dup2(file, STDERR_FILENO);
    ::close(file);
  }
  ~Redirected() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
  }
  Redirected(const Redirected&) = delete;
  Redirected& operator=(const Redirected&) = delete;

 private:
  const int before_;
};

/// A pipe to stderr, and its reader.
class ReadPipe {
 public:
  ~ReadPipe() { ::close(ends_[0]); }

  std::string take_all() {
    std::string text(2U << 20U, '\0');
    const auto size = ::read(ends_[0], text.data(), text.size());
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

 private:
  static std::array<int, 2> open() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    return ends;
  }

  const std::array<int, 2> ends_ = open();
  const Redirected redirected_{ends_[1]};
};

/// Whether some line is refused before far too many have been written.
bool gets_full(StandardError& error) {
  for (int i = 0; i < far_more_than_fit; ++i) {
    if (!error.write(LogLevel::info, "a line")) return true;
  }
  return false;
}

TEST(StandardError, AFullPipeHoldsNobodyUp) {
  ReadPipe pipe;
  StandardError error;

  EXPECT_TRUE(gets_full(error));

  EXPECT_FALSE(error.write(LogLevel::info, "another"));
  (void)pipe.take_all();
  EXPECT_TRUE(error.write(LogLevel::info, "after"));
  EXPECT_EQ(pipe.take_all(), "after\n");
}

TEST(StandardError, ALineThatWasCutHasItsEndBeforeTheNext) {
  ReadPipe pipe;
  StandardError error;
  const std::string long_line(1U << 20U, 'x');

  EXPECT_FALSE(error.write(LogLevel::info, long_line));

  const auto first = pipe.take_all();
  EXPECT_EQ(first, long_line.substr(0, first.size()));
  EXPECT_TRUE(error.write(LogLevel::info, "after"));
  EXPECT_EQ(pipe.take_all(), "\nafter\n");
}

TEST(StandardError, ATerminalThatShowsNothingMoreHoldsNobodyUp) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0) GTEST_SKIP() << "there are no terminals here";
  ASSERT_EQ(::grantpt(master), 0);
  ASSERT_EQ(::unlockpt(master), 0);
  {
    const Redirected redirected(::open(::ptsname(master), O_RDWR | O_NOCTTY));
    StandardError error;

    EXPECT_TRUE(gets_full(error));
  }
  ::close(master);
}

}  // namespace
}  // namespace blobmount
