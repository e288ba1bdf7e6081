#include "cache/memory_fetch.hpp"

#include <algorithm>

#include "cache/memory_block.hpp"
#include "cache/memory_tier.hpp"

namespace blobmount {

Bytes Read::bytes() const {
  Bytes bytes;
  bytes.pieces.reserve(pages.size());
  auto offset = range.offset;
  for (const auto& page : pages) {
    const auto within = offset % page_size;
    const auto size = std::min(page_size - within, range.end() - offset);
    bytes.pieces.push_back({{page, page.get() + within}, size});
    offset += size;
  }
  return bytes;
}

MemoryFetch::MemoryFetch(MemoryTier& tier, std::shared_ptr<CachedBlob> blob, PageRange pages,
                         std::vector<PageBuffer> buffers, Urgency urgency)
    : Fetch(blob->version, pages, std::move(buffers)),
      tier_(tier),
      urgency_(urgency),
      blob_(std::move(blob)) {}

void MemoryFetch::arrived(std::size_t index) { tier_.arrived(*this, index); }

void MemoryFetch::ended(Status outcome) {
  let_go_of_buffers();
  tier_.ended(*this, std::move(outcome));
}

}  // namespace blobmount
