#pragma once

/// What the memory of another process holds, as root sees it: more than any core file would have.

#include <string_view>

#include <sys/types.h>

namespace blobmount::tests {

/// How often `bytes` stand in what `process` can write to. Throws std::runtime_error where that cannot be
/// looked at.
int times_in_memory(pid_t process, std::string_view bytes);

}  // namespace blobmount::tests
