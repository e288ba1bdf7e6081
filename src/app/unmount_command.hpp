#pragma once

/// `blobmount unmount`: takes mounts away, and waits for their daemons to end.

#include <ostream>
#include <string>
#include <vector>

#include "blobmount/result.hpp"

namespace blobmount {

struct UnmountCommand {
  std::vector<std::string> mount_points{};
  bool all = false;   ///< of those that this user mounted; of all users, for root
  bool lazy = false;  ///< also where it is in use: it is gone at once, and ends when nobody uses it any more
  bool json = false;
};

/// The exit status: 0 where all of them are gone. What failed is said on `errors`, a sentence for each.
int run_command(const UnmountCommand& command, std::ostream& out, std::ostream& errors);

}  // namespace blobmount
