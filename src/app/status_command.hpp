#pragma once

/// `blobmount status`: one mount, and all that its daemon says of itself.

#include <ostream>
#include <string>

#include "blobmount/result.hpp"

namespace blobmount {

struct StatusCommand {
  std::string path{};  ///< in the mount; empty: the only one that there is
  bool json = false;
};

/// The exit status: 0 where it is well, 1 where not; an Error where there is no such mount.
Result<int> run_command(const StatusCommand& command, std::ostream& out);

}  // namespace blobmount
