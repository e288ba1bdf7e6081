#pragma once

/// What this process takes of the machine.

#include <chrono>
#include <cstdint>

namespace blobmount {

/// User and system, all threads.
std::chrono::microseconds cpu_time_used();
/// Bytes; 0 where /proc does not say.
std::uint64_t resident_memory();

}  // namespace blobmount
