#pragma once

/// Other programs, run for what they print.

#include <string>
#include <vector>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

struct ProgramEnd {
  int status = 0;  ///< its exit status, or 128 + the signal that killed it
  /// The first 64 KiB of each; what comes after is dropped. Never reallocated on the way here, so that
  /// whoever wipes them has wiped all there is.
  std::string output{}, error_output{};
};

/// Run `arguments`, the first of which is looked up in PATH, with our environment, in "/", with nothing to
/// read and no file of ours open. Blocks until it has ended, whatever the programs do that it leaves behind;
/// `at_most` later it and its process group are killed: timed_out. `not_found` where there is no such
/// program; `unavailable` where the system cannot run it.
Result<ProgramEnd> run_program(const std::vector<std::string>& arguments, Duration at_most);

}  // namespace blobmount
