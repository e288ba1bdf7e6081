#pragma once

/// How many descriptors this process may have. What it is given at first, often 1,024, is meant for programs
/// that use select(2); those that do not may take what they are allowed.
/// https://0pointer.net/blog/file-descriptor-limits.html

#include <cstddef>

namespace blobmount {

/// Safe to use from any thread.
std::size_t descriptor_limit();

/// Allow this process, and those it starts, all that it may allow itself. Where that fails it stays as it is.
void raise_descriptor_limit();

}  // namespace blobmount
