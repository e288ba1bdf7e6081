#pragma once

/// Asks the daemon of a mount, wherever its control socket lies.

#include <nlohmann/json_fwd.hpp>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

#include "app/mount_table.hpp"

namespace blobmount {

/// As ask_daemon(), but the sentences are for the user, who knows mounts and not sockets. Does not touch the
/// mount. Blocks.
Result<nlohmann::json> ask_mount(const MountEntry& mount, const nlohmann::json& request,
                                 Duration patience = std::chrono::seconds{15});

}  // namespace blobmount
