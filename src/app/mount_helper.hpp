#pragma once

/// mount.blobmount: what mount(8) runs for `mount -t blobmount` and for a line of /etc/fstab.
/// https://man7.org/linux/man-pages/man8/mount.8.html#EXTERNAL_HELPERS

#include <variant>

#include "blobmount/result.hpp"

#include "app/information.hpp"
#include "app/mount_command.hpp"

namespace blobmount {

/// Exit statuses of mount(8).
constexpr int mount_usage_error = 1, mount_failure = 32;

/// Whether this process was started by that name.
bool is_mount_helper(const char* program);

/// An Information without a text: what is written was to be checked, and not mounted (`mount -f`).
using MountHelperOrder = std::variant<MountCommand, Information>;

/// "mount.blobmount SOURCE MOUNTPOINT [-sfnv] [-N NAMESPACE] [-o OPTIONS] [-t TYPE]". The mount is usable
/// when the process ends. invalid_argument with a sentence for the user.
Result<MountHelperOrder> parse_mount_helper(int argc, const char* const* argv,
                                            const CredentialEnvironment& environment);

}  // namespace blobmount
