#pragma once

/// What a mount has done so far, for `blobmount top`, which makes rates of two of them.

#include <nlohmann/json_fwd.hpp>

#include "app/live_mount.hpp"

namespace blobmount {

/// The members are those of docs/control-protocol.md. `time_s` is of a clock that only goes forward.
nlohmann::json activity_of(const LiveMount& mount);

}  // namespace blobmount
