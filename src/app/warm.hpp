#pragma once

/// `blobmount warm`: the command. Shows how far it is on a terminal, and says what could not be done.

#include <string>
#include <vector>

namespace blobmount {

struct WarmCommand {
  std::vector<std::string> paths{};  ///< none of them empty
  bool json = false;                 ///< at the end, say on stdout what was done
};

/// Blocks until all that `command` names is complete in the caches of its mounts, or has failed. Returns the
/// exit status: 0, or 1 with a line on stderr for each failure. SIGINT and SIGTERM end the process at once,
/// with 128 and the signal's number; what is cached by then stays. Call it from the main thread, before there
/// are others.
int warm(const WarmCommand& command);

}  // namespace blobmount
