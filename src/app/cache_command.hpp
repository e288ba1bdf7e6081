#pragma once

/// `blobmount cache`: what is kept by a mount, or in a cache directory that no mount uses.

#include <cstdint>
#include <ostream>
#include <string>

#include "blobmount/result.hpp"

namespace blobmount {

struct CacheCommand {
  enum class Action : std::uint8_t { show, clear, verify };
  Action action = Action::show;
  std::string where{};  ///< a path in a mount, or a cache directory; empty: the only mount that there is
  bool json = false;
};

/// The exit status: 1 where something was found that is not what was written, or that could not be removed.
/// Blocks until it is done. An Error has a sentence for the user.
Result<int> run_command(const CacheCommand& command, std::ostream& out);

}  // namespace blobmount
