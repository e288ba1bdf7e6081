#pragma once

/// A mount that somebody with the privilege has made: we are given the descriptor of /dev/fuse that belongs
/// to it, and need no privilege. libfuse's convention is to name that as the mount point: /dev/fd/N.

#include <optional>
#include <string>

#include "blobmount/result.hpp"

namespace blobmount {

/// N, where `mount_point` is /dev/fd/N.
std::optional<int> handed_over_descriptor(const std::string& mount_point);

/// Whether `descriptor` is /dev/fuse's, to read and to write, and belongs to a mount. An Error has what to
/// do.
Status check_handed_over(int descriptor);

}  // namespace blobmount
