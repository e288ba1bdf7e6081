#pragma once

/// How a mount is, for `blobmount status` and `blobmount list`. docs/control-protocol.md has the members.

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "app/live_mount.hpp"

namespace blobmount {

/// What is not as it should be: a sentence for each.
std::vector<std::string> complaints(const LiveMount& mount);

/// Never a secret: the credential is described, as in the log.
nlohmann::json status_of(const LiveMount& mount);

/// "close-to-open", "cached:30s" or "immutable".
std::string describe(const Consistency& consistency);

}  // namespace blobmount
