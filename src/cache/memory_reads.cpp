// What readers wait for: the part of MemoryTier between their reads and the fetches that answer them.

#include <algorithm>
#include <utility>

#include "cache/memory_tier.hpp"

namespace blobmount {
namespace {

bool passes(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::timed_out || code == ErrorCode::throttled ||
         code == ErrorCode::unreachable;
}

/// The runs of `pages` for which `missing(page)`.
template <typename Missing>
std::vector<PageRange> runs(PageRange pages, const Missing& missing) {
  std::vector<PageRange> found;
  for (auto page = pages.first; page < pages.end(); ++page) {
    if (!missing(page)) continue;
    if (!found.empty() && found.back().end() == page) {
      ++found.back().count;
    } else {
      found.push_back({page, 1});
    }
  }
  return found;
}

bool is_missing(CachedBlob& blob, std::uint64_t page) {
  const auto* const known = blob.find(page);
  return known == nullptr || (!known->bytes && !known->fetch);
}

}  // namespace

Presence MemoryTier::Reader::presence(ByteRange range) const {
  const MutexLock lock(tier_.mutex_);
  return tier_.presence(*blob_, pages_of(range));
}

Presence MemoryTier::presence(CachedBlob& blob, PageRange pages) const {
  auto presence = Presence::here;
  for (auto page = pages.first; page < pages.end(); ++page) {
    if (is_missing(blob, page)) return Presence::missing;
    if (!blob.find(page)->bytes) presence = Presence::on_its_way;
  }
  return presence;
}

std::optional<ByteRange> MemoryTier::Reader::read(ByteRange range, const std::vector<ByteRange>& ahead,
                                                  Completion<Bytes> done, ReadId id) {
  const auto read = std::make_shared<Read>();
  read->reader = id_;
  read->id = id;
  read->blob = blob_;
  read->range = range;
  read->done = std::move(done);
  std::optional<ByteRange> refused;
  Actions actions;
  {
    const MutexLock lock(tier_.mutex_);
    const bool its_turn = tier_.hungry_.empty() || tier_.presence(*blob_, pages_of(range)) == Presence::here;
    if (!its_turn || !tier_.begin(read, actions)) tier_.hungry_.push_back(read);
    refused = tier_.fetch_all_ahead(*this, ahead, actions);
  }
  const bool was_here = !actions.complete.empty();
  tier_.carry_out(std::move(actions));
  if (was_here && wanted_below_)
    wanted_below_ = tier_.below_.offer(blob_->version, pages_of(range), read->pages);
  return refused;
}

std::optional<ByteRange> MemoryTier::Reader::fetch_ahead(const std::vector<ByteRange>& ahead) {
  std::optional<ByteRange> refused;
  Actions actions;
  {
    const MutexLock lock(tier_.mutex_);
    refused = tier_.fetch_all_ahead(*this, ahead, actions);
  }
  tier_.carry_out(std::move(actions));
  return refused;
}

bool MemoryTier::begin(const SharedRead& read, Actions& actions) {
  auto& blob = *read->blob;
  const auto pages = pages_of(read->range);
  read->joined = false;
  for (auto page = pages.first; page < pages.end(); ++page) {
    const auto* const known = blob.find(page);
    read->joined |= known != nullptr && known->fetch;
  }
  const auto missing = runs(pages, [&blob](auto page) { return is_missing(blob, page); });
  std::uint64_t count = 0;
  for (const auto run : missing) count += run.count;
  // for all of it or for nothing: two that wait, each with the memory that the other needs, wait for ever
  pin(blob, pages, true);
  auto memory = take(count, EvictionOrder::Ahead::goes_last);
  pin(blob, pages, false);
  if (memory.size() < count) return false;
  for (const auto run : missing) {
    const auto rest = memory.end() - static_cast<std::ptrdiff_t>(run.count);
    start_fetch(read->blob, run, {rest, memory.end()}, Urgency::waited_for, actions);
    memory.erase(rest, memory.end());
  }
  collect(read, actions);
  return true;
}

void MemoryTier::collect(const SharedRead& read, Actions& actions) {
  auto& blob = *read->blob;
  const auto pages = pages_of(read->range);
  read->pages.resize(pages.count);
  read->missing = 0;
  for (auto page = pages.first; page < pages.end(); ++page) {
    const auto& known = *blob.find(page);
    read->pages[page - pages.first] = known.bytes;
    if (known.bytes) continue;
    auto& fetch = *known.fetch;
    ++read->missing;
    fetch.waiting_.emplace(page - fetch.pages().first, read);
    const auto before = fetch.urgency_.exchange(Urgency::waited_for);
    actions.reconsider |= before == Urgency::ahead;
  }
  use(blob, pages);
  ++(read->missing == 0 ? stats_.hits : stats_.waits);
  if (read->missing == 0) actions.complete.push_back(read);
}

/// What others have begun of `pages` is for this reader too from now on.
void MemoryTier::share_fetches(Reader& reader, PageRange pages) {
  for (auto page = pages.first; page < pages.end(); ++page) {
    const auto* const known = reader.blob_->find(page);
    if (known == nullptr || !known->fetch || known->fetch->ahead_of_ == reader.id_) continue;
    const bool alone = known->fetch->ahead_of_ == 0;
    known->fetch->ahead_of_ = alone ? reader.id_ : several;
    if (alone) reader.fetches_.push_back(known->fetch);
  }
}

std::optional<ByteRange> MemoryTier::fetch_all_ahead(Reader& reader, const std::vector<ByteRange>& ahead,
                                                     Actions& actions) {
  for (const auto range : ahead) {
    if (hungry_.empty() && fetch_ahead(reader, pages_of(range), actions)) continue;
    ++stats_.refused;
    return range;
  }
  return std::nullopt;
}

bool MemoryTier::fetch_ahead(Reader& reader, PageRange pages, Actions& actions) {
  std::erase_if(reader.fetches_, [](const auto& fetch) { return fetch.expired(); });
  auto& blob = *reader.blob_;
  share_fetches(reader, pages);
  for (const auto run : runs(pages, [&blob](auto page) { return is_missing(blob, page); })) {
    if (order_.ahead() + run.count > most_ahead()) order_.abandon_older_than(2 * most_ahead());
    if (order_.ahead() + run.count > most_ahead()) return false;
    auto memory = take(run.count, EvictionOrder::Ahead::stays);
    if (memory.empty()) return false;
    const auto fetch = start_fetch(reader.blob_, run, std::move(memory), Urgency::ahead, actions);
    fetch->ahead_of_ = reader.id_;
    reader.fetches_.push_back(fetch);
  }
  return true;
}

std::shared_ptr<MemoryFetch> MemoryTier::start_fetch(const std::shared_ptr<CachedBlob>& blob, PageRange pages,
                                                     std::vector<PageBuffer> memory, Urgency urgency,
                                                     Actions& actions) {
  auto fetch = std::make_shared<MemoryFetch>(*this, blob, pages, std::move(memory), urgency);
  for (auto page = pages.first; page < pages.end(); ++page) {
    auto& block = block_of(*blob, page, urgency == Urgency::ahead);
    block.pages[page % pages_in_block].fetch = fetch;
    block.note_ahead(page, urgency == Urgency::ahead);
    ++block.on_their_way;
    order_.grow(block, 1);
  }
  actions.starts.push_back(fetch);
  return fetch;
}

void MemoryTier::arrived(MemoryFetch& fetch, std::size_t index) {
  Actions actions;
  {
    const MutexLock lock(mutex_);
    if (!fetch.wanted_) return;
    auto& blob = *fetch.blob_;
    const auto page = fetch.pages().first + index;
    auto& block = blob.blocks.at(page / pages_in_block);
    auto& known = block.pages[page % pages_in_block];
    known.fetch.reset();
    known.bytes = fetch.buffers()[index];
    --block.on_their_way;
    ++block.here;
    const auto [first, last] = fetch.waiting_.equal_range(index);
    for (auto waiting = first; waiting != last; ++waiting) {
      auto& read = *waiting->second;
      read.pages[page - read.range.offset / page_size] = known.bytes;
      if (--read.missing == 0 && !std::exchange(read.answered, true))
        actions.complete.push_back(waiting->second);
    }
    fetch.waiting_.erase(first, last);
  }
  carry_out(std::move(actions));
}

void MemoryTier::ended(MemoryFetch& fetch, Status outcome) {
  const auto error = outcome ? Error{ErrorCode::internal, "not all that was fetched came"} : outcome.error();
  Actions actions;
  {
    const MutexLock lock(mutex_);
    if (fetch.wanted_) forget(fetch);
    fail_waiting(fetch, error, actions);
    feed(actions);
  }
  carry_out(std::move(actions));
}

void MemoryTier::fail_waiting(MemoryFetch& fetch, const Error& error, Actions& actions) {
  const auto waiting = std::exchange(fetch.waiting_, {});
  for (const auto& [index, read] : waiting) {
    if (std::exchange(read->answered, true)) continue;
    // it may have waited for less time than a request of its own would be tried for
    if (read->joined && !read->tried_again && passes(error.code)) {
      hungry_.push_back(std::make_shared<Read>(Read{.reader = read->reader,
                                                    .id = read->id,
                                                    .blob = read->blob,
                                                    .range = read->range,
                                                    .tried_again = true,
                                                    .done = std::exchange(read->done, nullptr)}));
    } else {
      actions.failed.emplace_back(read, error);
    }
  }
}

/// What has not arrived of it is missing again.
void MemoryTier::forget(MemoryFetch& fetch) {
  fetch.wanted_ = false;
  auto& blob = *fetch.blob_;
  for (auto page = fetch.pages().first; page < fetch.pages().end(); ++page) {
    const auto found = blob.blocks.find(page / pages_in_block);
    if (found == blob.blocks.end()) continue;
    auto& block = found->second;
    auto& known = block.pages[page % pages_in_block];
    if (known.fetch.get() != &fetch) continue;
    known.fetch.reset();
    --block.on_their_way;
    order_.grow(block, -1);
    if (block.here > 0 || block.on_their_way > 0) continue;
    order_.remove(block);
    erase(blob, block.index);
  }
}

void MemoryTier::forget_unless_waited_for(MemoryFetch& fetch, Actions& actions) {
  if (!fetch.wanted_ || !fetch.waiting_.empty()) return;
  forget(fetch);
  actions.reconsider = true;
}

void MemoryTier::leave(Reader& reader) {
  Actions actions;
  {
    const MutexLock lock(mutex_);
    auto& blob = *reader.blob_;
    const bool is_last = --blob.readers == 0;
    auto fetches = std::exchange(reader.fetches_, {});
    if (is_last) {
      for (const auto& fetch : blob.fetches()) fetches.push_back(fetch);
    }
    for (const auto& weak : fetches) {
      const auto fetch = weak.lock();
      if (!fetch || (!is_last && fetch->ahead_of_ != reader.id_)) continue;
      fetch->ahead_of_ = 0;
      forget_unless_waited_for(*fetch, actions);
    }
    if (is_last) {
      for (auto& [index, block] : blob.blocks) order_.abandon(block);
      note_if_unused(blob);
    }
    drop_unused_blobs();
    feed(actions);
  }
  carry_out(std::move(actions));
}

void MemoryTier::give_up(const Reader& reader, PageRange pages, ReadId id) {
  Actions actions;
  const auto given_up = [&reader, id, &actions](const SharedRead& read) {
    if (read->reader != reader.id_ || read->id != id) return false;
    if (!std::exchange(read->answered, true))
      actions.failed.emplace_back(read, Error{ErrorCode::cancelled, "nobody waits for it any more"});
    return true;
  };
  {
    const MutexLock lock(mutex_);
    for (auto page = pages.first; page < pages.end(); ++page) {
      const auto* const known = reader.blob_->find(page);
      if (known == nullptr || !known->fetch) continue;
      const auto fetch = known->fetch;  // the page may let go of it
      std::erase_if(fetch->waiting_, [&given_up](const auto& waiting) { return given_up(waiting.second); });
      if (fetch->ahead_of_ == 0) forget_unless_waited_for(*fetch, actions);
    }
    std::erase_if(hungry_, given_up);
    feed(actions);
  }
  carry_out(std::move(actions));
}

/// Memory may have become free: go on with those that wait for it, in their order.
void MemoryTier::feed(Actions& actions) {
  while (!hungry_.empty() && begin(hungry_.front(), actions)) hungry_.pop_front();
}

void MemoryTier::carry_out(Actions actions) {
  while (true) {
    // what is waited for first
    if (!actions.starts.empty()) below_.start(std::move(actions.starts));
    if (actions.reconsider) below_.reconsider();
    for (auto& read : actions.complete) {
      auto done = std::move(read->done);
      auto bytes = read->bytes();
      read.reset();
      done(std::move(bytes));
    }
    for (auto& [read, error] : actions.failed) {
      // what else it waited for still knows the read, and drops it under the lock
      const auto done = std::exchange(read->done, nullptr);
      done(std::move(error));
    }
    if (actions.complete.empty() && actions.failed.empty()) return;
    // the answers held pages
    actions = {};
    const MutexLock lock(mutex_);
    if (hungry_.empty()) return;
    feed(actions);
  }
}

}  // namespace blobmount
