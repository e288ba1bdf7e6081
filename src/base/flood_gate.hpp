#pragma once

/// Tells what is to be told of many events alike: the first ones of a time, and how many more there were.

#include <cstdint>
#include <map>
#include <string>

#include "blobmount/clock.hpp"

namespace blobmount {

/// Arithmetic without I/O. For one thread at a time.
class FloodGate {
 public:
  struct Rule {
    unsigned most = 10;                        ///< of a kind are told
    Duration window{std::chrono::minutes{1}};  ///< in such a time; then the next ones are
    /// The same of the same subject within that long is the same event: the kernel asks again for what
    /// failed.
    Duration same_within{std::chrono::seconds{1}};
  };
  enum class Verdict : std::uint8_t {
    tell,
    same,             ///< as one that was told already: say nothing
    count,            ///< it will be counted
    count_the_first,  ///< and the others of its kind with it: call take() once `time_left` has passed
  };

  explicit FloodGate(Rule rule) : rule_(rule) {}

  Verdict on_event(const std::string& kind, const std::string& subject, SteadyTime now);
  /// Of the window of that kind that is open.
  [[nodiscard]] Duration time_left(const std::string& kind, SteadyTime now) const;

  struct Rest {
    std::uint64_t count = 0;
    Duration since{0};  ///< the window was opened
  };
  /// How many were counted, not told; closes the window.
  Rest take(const std::string& kind, SteadyTime now);

 private:
  struct Window {
    SteadyTime opened;
    std::map<std::string, SteadyTime> told;  ///< by subject, when last seen; at most Rule::most
    std::uint64_t counted = 0;
  };

  const Rule rule_;
  std::map<std::string, Window> windows_;  ///< as many as there are kinds
};

}  // namespace blobmount
