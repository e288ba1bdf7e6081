#pragma once

/// What an operator has done with all that is on disk: cleared, or verified. Blocks for the disk.

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "blobmount/result.hpp"

#include "cache/disk_format.hpp"
#include "cache/disk_store.hpp"

namespace blobmount {

/// Can be read from any thread meanwhile.
struct DiskProgress {
  std::atomic<bool> stop{false};           ///< set by who wants it to end before it has seen everything
  std::atomic<std::uint64_t> versions{0};  ///< removed, or looked at
  std::atomic<std::uint64_t> bytes{0};     ///< freed on the disk, or looked at
  std::atomic<std::uint64_t> bad{0};  ///< pages that are not what was written, and files that cannot be read
  std::atomic<std::uint64_t> stuck{0};  ///< versions that could not be removed
};

/// Remove all that is not in use, unless too much cannot be removed. On the thread that may remove files.
void clear(DiskStore& store, DiskProgress& progress);

using OnBadPage = std::function<void(const DiskIdentity&, std::uint64_t page, const Error&)>;
/// Look at the checksum of each page that counts. The versions whose files nobody can use are what it
/// returns: they only take space.
[[nodiscard]] std::vector<DiskName> verify(DiskStore& store, DiskProgress& progress, const OnBadPage& on_bad);

}  // namespace blobmount
