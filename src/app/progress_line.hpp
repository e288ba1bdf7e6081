#pragma once

/// How far a long work has come, as one line of a terminal. Values, no I/O.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "blobmount/clock.hpp"

namespace blobmount {

struct Progress {
  std::uint64_t files_done = 0, files_found = 0;
  std::uint64_t bytes_done = 0, bytes_found = 0;
  bool all_found = false;  ///< nothing comes to what was found
};

/// How fast bytes come, over the last seconds.
class RateMeter {
 public:
  /// So many bytes have come by `now`, since the first call.
  void note(SteadyTime now, std::uint64_t bytes);
  /// Bytes a second; nothing before there is anything to go by.
  [[nodiscard]] std::optional<double> rate() const;

 private:
  struct Sample {
    SteadyTime when;
    std::uint64_t bytes;
  };
  std::deque<Sample> samples_{};
};

/// "1.5 GiB"
std::string bytes_text(double bytes);
/// "0:07", "12:05", "3:04:05"
std::string duration_text(double seconds);

/// "[####----]   50%  12/24 files  1.2/2.4 GiB  80.0 MiB/s  0:15 left", in at most `width` columns: what
/// matters least is left out. A total that still grows has a '+'.
std::string progress_line(const Progress& progress, std::optional<double> rate, std::size_t width);

}  // namespace blobmount
