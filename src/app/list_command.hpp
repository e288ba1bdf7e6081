#pragma once

/// `blobmount list`: the mounts of this machine, and how they are.

#include <ostream>

namespace blobmount {

struct ListCommand {
  bool json = false;
};

/// The exit status. A mount that hangs is waited for for some seconds only.
int run_command(const ListCommand& command, std::ostream& out);

}  // namespace blobmount
