#pragma once

/// What the memory tier keeps of one version of a blob: blocks of 1 MiB, whose pages are there, on their way,
/// or neither. Values; the tier guards them.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "blobmount/byte_source.hpp"

#include "cache/eviction_order.hpp"

namespace blobmount {

class MemoryFetch;

inline constexpr std::uint64_t pages_in_block = 16;

/// Another for each version.
inline std::string key_of(const BlobVersion& version) {
  // a container's name has no '/', a blob's name no NUL
  return version.container + '/' + version.blob + '\0' + version.etag;
}

struct CachedBlob;

struct Block : EvictionOrder::Entry {
  struct Page {
    PageBuffer bytes{};                    ///< none: not there
    std::shared_ptr<MemoryFetch> fetch{};  ///< on its way
  };

  CachedBlob* blob = nullptr;
  std::uint64_t index = 0;
  std::array<Page, pages_in_block> pages{};
  unsigned on_their_way = 0;
  unsigned here = 0;
  bool pinned = false;  ///< part of a read that is taking memory for the rest of it
};

struct CachedBlob {
  SharedVersion version{};
  std::uint64_t name = 0;  ///< a hash of the version
  unsigned readers = 0;
  bool unused = false;  ///< among those that the tier looks at, and forgets if nobody has come back to them
  std::unordered_map<std::uint64_t, Block> blocks{};

  /// Null: nothing is known of the page.
  Block::Page* find(std::uint64_t page) {
    const auto block = blocks.find(page / pages_in_block);
    return block != blocks.end() ? &block->second.pages[page % pages_in_block] : nullptr;
  }

  /// What is on its way, some of it more than once.
  [[nodiscard]] std::vector<std::shared_ptr<MemoryFetch>> fetches() const {
    std::vector<std::shared_ptr<MemoryFetch>> found;
    for (const auto& [index, block] : blocks) {
      if (block.on_their_way == 0) continue;
      for (const auto& page : block.pages) {
        if (page.fetch && (found.empty() || found.back() != page.fetch)) found.push_back(page.fetch);
      }
    }
    return found;
  }
};

}  // namespace blobmount
