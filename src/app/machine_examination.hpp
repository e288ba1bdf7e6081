#pragma once

/// The half of `blobmount doctor` that asks nobody else: what a mount needs of this machine.

#include "blobmount/config.hpp"

#include "app/report.hpp"

namespace blobmount {

/// /dev/fuse, the mount point, the mount helper, what fstab needs, the kernel, the cache directory: a line
/// for each. Changes nothing but that a cache directory is made.
void examine_machine(const Config& config, Report& report);

}  // namespace blobmount
