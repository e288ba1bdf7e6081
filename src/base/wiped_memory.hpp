#pragma once

/// Memory that is wiped when it is freed, for what secrets pass through on their way: the buffers of
/// libraries, and strings that grow. Safe to use from any thread.

#include <cstddef>

namespace blobmount {

/// What is longer holds no secret, and is freed as it is: to wipe the room for a page of a listing would
/// first make the kernel provide it. A receive buffer of libcurl, the longest that a token is seen in, has
/// 128 KiB.
constexpr std::size_t longest_wiped = 256U << 10U;

/// The whole block, if it is not too long; `memory` is of std::malloc() and its kin.
void wipe(void* memory) noexcept;

/// As std::free(); `memory` is of std::malloc() and its kin.
void wipe_and_free(void* memory) noexcept;

/// As std::realloc(); of no size, it frees. The old block is wiped.
void* wiped_realloc(void* memory, std::size_t size) noexcept;

}  // namespace blobmount
