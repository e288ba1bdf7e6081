#pragma once

/// Which processes hold a mount, so that it cannot be taken away.

#include <string>
#include <vector>

#include <sys/types.h>

namespace blobmount {

struct MountUser {
  pid_t pid = 0;
  std::string program{};  ///< as the kernel names it; up to 15 bytes
  std::string use{};      ///< "working directory", "open file", ...
};

/// Those that can be seen: of other users' processes only root sees it. From /proc, without a look at the
/// mount itself. `mount_point` is without symbolic links.
std::vector<MountUser> users_of(const std::string& mount_point);

/// "bash (pid 12, working directory), ..."; empty for none.
std::string describe(const std::vector<MountUser>& users);

}  // namespace blobmount
