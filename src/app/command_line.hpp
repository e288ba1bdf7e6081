#pragma once

/// The command line, the environment and a configuration file become an order. Parsing asks nobody and
/// changes nothing, but for secrets in the environment, which are taken out of it.

#include <string>
#include <variant>
#include <vector>

#include "blobmount/result.hpp"

#include "app/doctor.hpp"
#include "app/identity_command.hpp"
#include "app/information.hpp"
#include "app/mount_command.hpp"
#include "app/operator_commands.hpp"
#include "app/refresh.hpp"
#include "app/reload.hpp"
#include "app/warm.hpp"

namespace blobmount {

/// What to do: mount, print, or talk to a mount that there is.
using Order = std::variant<MountCommand, Information, RefreshCommand, ReloadCommand, WarmCommand,
                           IdentityCommand, DoctorCommand, OperatorCommand>;

/// `argv` begins with the program, which may be mount.blobmount. invalid_argument with a sentence for the
/// user.
Result<Order> parse_command_line(int argc, const char* const* argv);

}  // namespace blobmount
