#pragma once

/// A mount from its beginning to its end.

#include <functional>

#include "blobmount/result.hpp"

#include "app/mount_command.hpp"
#include "app/service_manager.hpp"
#include "base/log.hpp"

namespace blobmount {

/// Mount as `command` says and serve until unmounted or told to end by a signal. `ready` runs, on another
/// thread, once the mount is usable; `manager` is told, too. An Error has a sentence for the one who mounts.
Status run_mount(const MountCommand& command, Log& log, const ServiceManager& manager,
                 const std::function<void()>& ready);

}  // namespace blobmount
