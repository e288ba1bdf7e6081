#pragma once

/// What a mount finds in the cache directory of those before it.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

#include "cache/disk_format.hpp"
#include "cache/files.hpp"

namespace blobmount {

struct FoundVersion {
  DiskName name = 0;
  std::uint64_t bytes = 0;  ///< what its files take on the disk
  WallTime modified{};      ///< the side file
};

/// The versions that have both files, the least recently used first. Removed are, of our files, those that
/// stand alone, and the least recently used versions where there are more than `most`: what cannot be removed
/// takes space, and does no other harm. Files that are not ours are passed over. Blocks for the disk, and
/// takes some 32 bytes of memory for each version.
Result<std::vector<FoundVersion>> scan(CacheDirectory& directory, std::size_t most);

struct Survey {
  std::size_t versions = 0;  ///< side files, be it that one stands alone
  std::uint64_t bytes = 0;   ///< what our files take on the disk
};
/// Removes nothing. Blocks for the disk.
Result<Survey> survey(CacheDirectory& directory);

}  // namespace blobmount
