#pragma once

/// How long the kernel's requests may be.
/// https://docs.kernel.org/admin-guide/sysctl/fs.html#proc-sys-fs-fuse-configuration-options-for-fuse-filesystems

#include <cstdint>
#include <string>

#include "blobmount/result.hpp"

namespace blobmount {

/// Linux's own setting, for all FUSE mounts of the machine; in pages. There since 6.13, before that it is
/// 256.
inline constexpr const char* request_limit_file = "/proc/sys/fs/fuse/max_pages_limit";

/// Bytes of the longest request; as KernelConfig::longest_request says, where more than `limit_file` allows
/// makes it allow that; whole pages of the kernel. Without being asked for, it is no more than a MiB or a
/// 64th of `memory`, bytes; more than a 32nd is refused. Errors have a sentence for the user.
Result<std::uint64_t> agree_on_longest_request(std::uint64_t wanted, std::uint64_t memory,
                                               const std::string& limit_file = request_limit_file);

}  // namespace blobmount
