#pragma once

/// `blobmount refresh`: tells the daemon of a mount to forget what it knows of a path.

#include <string>
#include <vector>

namespace blobmount {

struct RefreshCommand {
  std::vector<std::string> paths{};  ///< none of them empty
  bool json = false;
};

/// The exit status. Blocks until the daemons of the mounts that the paths are in have done it, 15 s at most
/// for each. Says on stderr what failed; as JSON, on stdout, what became of each path.
int refresh(const RefreshCommand& command);

}  // namespace blobmount
