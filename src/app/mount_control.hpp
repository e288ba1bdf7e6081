#pragma once

/// The commands that a mount takes while it is there.

#include <memory>
#include <string>

#include "blobmount/file_system.hpp"

#include "app/control_server.hpp"
#include "base/log.hpp"

namespace blobmount {

/// Those that change what it shows. `files` outlives the ControlServer.
ControlServer::Handlers commands_for(FileSystem& files);

/// Take `commands` for what is mounted on `mount_point`, a path without symbolic links. Null where that
/// cannot be: the mount does without, and the log says why. Does not touch the mount. `log`, and what
/// `commands` use, outlive what is returned.
std::unique_ptr<ControlServer> serve_control(const std::string& mount_point, ControlServer::Handlers commands,
                                             Log& log);

}  // namespace blobmount
