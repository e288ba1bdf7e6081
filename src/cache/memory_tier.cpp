#include "cache/memory_tier.hpp"

#include <algorithm>
#include <utility>

#include <malloc.h>

namespace blobmount {

namespace {

/// Longer windows than this gain nothing that was measured, and are a lot to throw away.
constexpr std::uint64_t longest_ahead = (512ULL << 20U) / page_size;

/// What a block takes beside its pages: itself, its places in the map and in the order, a page's reference.
constexpr std::uint64_t block_footprint = sizeof(Block) + 160;

/// What a blob takes beside its blocks, as measured; its names stand in the version and in the key.
std::uint64_t footprint_of(const BlobVersion& version) {
  return 400 + 2 * (version.container.size() + version.blob.size() + version.etag.size());
}

std::uint64_t name_of(const Block& block) {
  return block.blob->name ^ (block.index * 0x9E3779B97F4A7C15U);  // Fibonacci hashing
}

/// Where answers, or the disk's writer, still hold all pages, nothing would become free.
bool can_go(const EvictionOrder::Entry& entry) {
  const auto& block = static_cast<const Block&>(entry);
  return !block.pinned && block.on_their_way == 0 &&
         std::any_of(block.pages.begin(), block.pages.end(),
                     [](const auto& page) { return page.bytes.use_count() == 1; });
}

/// The allocator keeps the memory of a listing of a million names, 100 MiB, when that is gone: pages would
/// come on top of it.
void give_back_what_was_freed() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace

MemoryTier::MemoryTier(ByteSource& below, MemoryBudget& budget)
    : below_(below), budget_(budget), pool_(budget), bookkeeping_(budget, 0, MemoryPurpose::cache_index) {
  budget_.on_growth([this] { trim_soon(); });
  budget_.on_shrinking([this] { give_back_soon(); });
}

MemoryTier::~MemoryTier() {
  ending_ = true;
  trimmer_.stop();  // it charges the budget, too
  budget_.on_growth({});
  budget_.on_shrinking({});
}

void MemoryTier::trim_soon() {
  if (ending_ || trim_is_due_.exchange(true)) return;
  trimmer_.submit([this] {
    trim_is_due_ = false;
    trim();
  });
}

void MemoryTier::give_back_soon() {
  if (ending_ || giving_back_is_due_.exchange(true)) return;
  trimmer_.submit([this] {
    giving_back_is_due_ = false;
    give_back_what_was_freed();
  });
}

void MemoryTier::trim() {
  // block by block, so that nobody waits long for the lock
  for (bool evicted = true; evicted && pool_.is_over();) {
    const MutexLock lock(mutex_);
    evicted = evict_one(EvictionOrder::Ahead::goes_last);
    drop_unused_blobs();
  }
  pool_.trim();
}

std::uint64_t MemoryTier::most_ahead() const {
  return std::min<std::uint64_t>(longest_ahead, pool_.limit() / 2);
}

std::unique_ptr<MemoryTier::Reader> MemoryTier::open(SharedVersion version) {
  auto key = key_of(*version);
  const auto name = std::hash<std::string>{}(key);
  const MutexLock lock(mutex_);
  drop_unused_blobs();
  auto& blob = blobs_[std::move(key)];
  if (!blob) {
    blob = std::make_shared<CachedBlob>();
    blob->version = std::move(version);
    blob->name = name;
    bookkeeping_.resize(bookkeeping_.bytes() + footprint_of(*blob->version));
  }
  ++blob->readers;
  return std::unique_ptr<Reader>(new Reader(*this, blob, ++last_reader_));
}

void MemoryTier::drop_unused_blobs() {
  for (auto* const blob : std::exchange(unused_, {})) {
    blob->unused = false;
    const auto kept = blobs_.find(key_of(*blob->version));
    if (kept->second.use_count() > 1) {
      // a read that waits for memory, or what remains of a fetch
      note_if_unused(*blob);
      continue;
    }
    if (blob->readers > 0 || !blob->blocks.empty()) continue;
    bookkeeping_.resize(bookkeeping_.bytes() - footprint_of(*blob->version));
    blobs_.erase(kept);
  }
}

void MemoryTier::note_if_unused(CachedBlob& blob) {
  if (blob.readers > 0 || !blob.blocks.empty() || std::exchange(blob.unused, true)) return;
  unused_.push_back(&blob);
}

void MemoryTier::erase(CachedBlob& blob, std::uint64_t index) {
  blob.blocks.erase(index);
  bookkeeping_.resize(bookkeeping_.bytes() - block_footprint);
  note_if_unused(blob);
}

void MemoryTier::pin(CachedBlob& blob, PageRange pages, bool pinned) {
  const auto last = (pages.end() - 1) / pages_in_block;
  for (auto index = pages.first / pages_in_block; index <= last; ++index) {
    if (const auto block = blob.blocks.find(index); block != blob.blocks.end()) block->second.pinned = pinned;
  }
}

void MemoryTier::use(CachedBlob& blob, PageRange pages) {
  const auto last = (pages.end() - 1) / pages_in_block;
  for (auto index = pages.first / pages_in_block; index <= last; ++index) {
    const auto block = blob.blocks.find(index);
    if (block == blob.blocks.end()) continue;
    order_.used(block->second);
    stats_.ahead_used += block->second.read(pages);
  }
}

Block& MemoryTier::block_of(CachedBlob& blob, std::uint64_t page, bool ahead) {
  const auto [found, is_new] = blob.blocks.try_emplace(page / pages_in_block);
  auto& block = found->second;
  if (is_new) {
    block.blob = &blob;
    block.index = found->first;
    block.name = name_of(block);
    order_.add(block, ahead);
    bookkeeping_.resize(bookkeeping_.bytes() + block_footprint);
  }
  return block;
}

/// Evicts until there is memory for all of them. The budget may shrink meanwhile: only the pool can say.
std::vector<PageBuffer> MemoryTier::take(std::size_t pages, EvictionOrder::Ahead ahead) {
  if (pages == 0) return {};
  auto taken = pool_.take(pages);
  while (taken.empty() && evict_one(ahead)) taken = pool_.take(pages);
  drop_unused_blobs();
  return taken;
}

bool MemoryTier::evict_one(EvictionOrder::Ahead ahead) {
  auto* const victim = static_cast<Block*>(order_.victim(ahead, can_go));
  if (victim == nullptr) return false;
  ++stats_.evicted;
  stats_.ahead_wasted += victim->unread();
  order_.evict(*victim);
  erase(*victim->blob, victim->index);
  return true;
}

std::uint64_t MemoryTier::clear() {
  std::uint64_t pages = 0;
  {
    const MutexLock lock(mutex_);
    for (const auto& [key, blob] : blobs_) pages += blob->readers == 0 ? clear(*blob) : 0;
    drop_unused_blobs();
  }
  pool_.give_back_all();
  return pages;
}

std::uint64_t MemoryTier::clear(CachedBlob& blob) {
  std::uint64_t pages = 0;
  std::vector<std::uint64_t> gone;
  for (auto& [index, block] : blob.blocks) {
    if (!can_go(block)) continue;
    pages += block.here;
    order_.remove(block);
    gone.push_back(index);
  }
  for (const auto index : gone) erase(blob, index);
  return pages;
}

MemoryStats MemoryTier::stats() const {
  const MutexLock lock(mutex_);
  auto stats = stats_;
  stats.pages = pool_.taken();
  return stats;
}

}  // namespace blobmount
