#pragma once

/// What a mount finds in the cache directory of those before it. A value, no I/O.

#include <cstdint>
#include <string>
#include <vector>

#include "cache/disk_format.hpp"
#include "cache/files.hpp"

namespace blobmount {

struct DiskScan {
  struct Version {
    DiskName name = 0;
    std::uint64_t bytes = 0;
  };
  std::vector<Version> versions{};     ///< the least recently used first
  std::vector<std::string> orphans{};  ///< files of ours that stand alone: they are no use
};

/// Files that are not ours are passed over.
DiskScan scan_of(const std::vector<FoundFile>& files);

}  // namespace blobmount
