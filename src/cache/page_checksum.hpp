#pragma once

/// The checksum of a page on disk.

#include <cstddef>
#include <cstdint>
#include <span>

namespace blobmount {

/// CRC-32C (Castagnoli), as iSCSI and ext4 have it: processors compute it faster than memory delivers.
std::uint32_t crc32c(std::span<const std::byte> bytes);

}  // namespace blobmount
