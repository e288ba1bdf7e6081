#pragma once

/// `blobmount top`: what a mount does, second by second.

#include <ostream>
#include <string>

#include "blobmount/result.hpp"

namespace blobmount {

struct TopCommand {
  std::string path{};  ///< in the mount; empty: the only one that there is
  bool once = false;
  bool json = false;  ///< once, too
};

/// The exit status. Blocks for a second, or in a terminal until the user quits or the mount ends. An Error
/// has a sentence for the user.
Result<int> run_command(const TopCommand& command, std::ostream& out);

}  // namespace blobmount
