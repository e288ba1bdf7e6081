#pragma once

/// How far the kernel reads ahead in a file of the mount. Ours is behind it, and further; this one keeps
/// several requests of 1 MiB under way, so that the copying to the page cache and out of it overlap.

#include <string>

#include "blobmount/result.hpp"

namespace blobmount {

/// Bytes. More is no faster, and a page fault in a mapped file reads that much around it.
inline constexpr unsigned kernel_read_ahead = 4U << 20U;

/// For a mount that has been made and is not served yet: the kernel takes the lesser of what it finds then
/// and of what FUSE_INIT answers. `mount_point` is without symbolic links. Needs root; a mount without works,
/// more slowly.
Status raise_read_ahead(const std::string& mount_point, unsigned bytes);

}  // namespace blobmount
