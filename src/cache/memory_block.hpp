#pragma once

/// What the memory tier keeps of one version of a blob: blocks of 1 MiB, whose pages are there, on their way,
/// or neither. Values; the tier guards them.

#include <algorithm>
#include <array>
#include <bit>
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
  std::uint16_t ahead = 0;  ///< a bit for each page that was fetched ahead, and that nobody has read yet
  bool pinned = false;      ///< part of a read that is taking memory for the rest of it

  /// Somebody reads those of `range` that are in the block: how many of them had been fetched ahead.
  unsigned read(PageRange range) {
    const auto begin = index * pages_in_block;
    const auto first = std::max(range.first, begin) - begin;
    const auto end = std::min(range.end(), begin + pages_in_block) - begin;
    const auto mask = static_cast<std::uint16_t>((1U << end) - (1U << first));
    const auto read_first = static_cast<unsigned>(std::popcount(static_cast<unsigned>(ahead & mask)));
    ahead = static_cast<std::uint16_t>(ahead & ~mask);
    return read_first;
  }
  /// Pages that are here, were fetched ahead, and that nobody has read.
  [[nodiscard]] unsigned unread() const {
    unsigned count = 0;
    for (std::size_t page = 0; page < pages.size(); ++page)
      count += pages[page].bytes && (ahead >> page & 1U) != 0 ? 1 : 0;
    return count;
  }
  void note_ahead(std::uint64_t page, bool is_ahead) {
    const auto bit = 1U << page % pages_in_block;
    ahead = static_cast<std::uint16_t>(is_ahead ? ahead | bit : ahead & ~bit);
  }
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
