#pragma once

/// FUSE over io_uring: requests and answers in rings that kernel and process share, one for each core,
/// instead of /dev/fuse. https://docs.kernel.org/filesystems/fuse/fuse-io-uring.html

#include <cstdint>

#include "blobmount/result.hpp"

namespace blobmount {

/// Unsupported, with what is missing, where this libfuse or this kernel cannot do it.
Status io_uring_offered();

/// A ring has places for requests, each with memory for the longest answer. A request keeps its place until
/// it is answered, and where all are taken nothing else comes through. The place that was left last is taken
/// first (fs/fuse/dev_uring.c), so that those which are hardly ever needed take no memory.
struct Rings {
  unsigned depth = 0;       ///< places of each ring; 0: there are none
  unsigned background = 0;  ///< requests that nobody waits for, the kernel's read-ahead, under way at once
  std::uint64_t bytes = 0;  ///< of memory for the answers to those
};
/// Of a machine with so many `cores`, those that are not there but could be included: each has a ring, whose
/// background requests, of `longest_request` bytes at most, shall take no more than `memory` bytes.
Rings rings_within(std::uint64_t memory, unsigned cores, std::uint64_t longest_request);

}  // namespace blobmount
