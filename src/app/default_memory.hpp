#pragma once

/// How much memory to use where nobody said.

#include <cstdint>
#include <string>

namespace blobmount {

/// A quarter of what the machine has or, if that is less, the cgroup may use; from 64 MiB to 4 GiB, in bytes.
/// `root` is where /proc and /sys are found.
std::uint64_t default_memory(const std::string& root = "");

}  // namespace blobmount
