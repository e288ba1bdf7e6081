#pragma once

/// Pages in memory, by version: shared by all who read, fetched once for all who wait, evicted when the
/// budget is used up.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "blobmount/byte_source.hpp"
#include "blobmount/file_system.hpp"

#include "base/annotated_mutex.hpp"
#include "base/memory_budget.hpp"
#include "base/worker_pool.hpp"
#include "cache/eviction_order.hpp"
#include "cache/memory_block.hpp"
#include "cache/memory_fetch.hpp"
#include "cache/page_pool.hpp"

namespace blobmount {

struct MemoryStats {
  std::uint64_t hits = 0;          ///< reads answered at once
  std::uint64_t waits = 0;         ///< reads that waited
  std::uint64_t evicted = 0;       ///< blocks
  std::uint64_t refused = 0;       ///< ranges that were not fetched ahead, for want of memory
  std::uint64_t ahead_used = 0;    ///< pages that were fetched ahead, and then read
  std::uint64_t ahead_wasted = 0;  ///< pages that were fetched ahead, and evicted before anybody read them
  std::uint64_t pages = 0;         ///< that are there, or on their way, or held by answers
};

/// What is there of a range.
enum class Presence : std::uint8_t { here, on_its_way, missing };

/// Safe to use from any thread. Must outlive its readers; `below` and `budget` outlive it, and `below` has
/// ended all fetches before it goes.
class MemoryTier {
 public:
  class Reader;

  /// From then on until its end, it evicts pages on a thread of its own when `budget` leaves less for them,
  /// and gives what others have freed back to the system when it leaves much more.
  MemoryTier(ByteSource& below, MemoryBudget& budget);
  ~MemoryTier();
  MemoryTier(const MemoryTier&) = delete;
  MemoryTier& operator=(const MemoryTier&) = delete;

  /// One for each open file: what is fetched for it alone ends with it.
  std::unique_ptr<Reader> open(SharedVersion version) BM_EXCLUDES(mutex_);

  /// Drop all pages of blobs that nobody has open, and give what lies ready back to the system. How many
  /// pages that were.
  std::uint64_t clear() BM_EXCLUDES(mutex_);

  [[nodiscard]] MemoryBudget& budget() { return budget_; }
  [[nodiscard]] MemoryStats stats() const BM_EXCLUDES(mutex_);

 private:
  friend class MemoryFetch;

  /// What is to be done once the lock is free.
  struct Actions {
    std::vector<SharedFetch> starts{};
    std::vector<SharedRead> complete{};
    std::vector<std::pair<SharedRead, Error>> failed{};
    bool reconsider = false;
  };

  [[nodiscard]] std::uint64_t most_ahead() const;
  void trim_soon();
  void give_back_soon();
  void trim() BM_EXCLUDES(mutex_);

  void arrived(MemoryFetch& fetch, std::size_t index) BM_EXCLUDES(mutex_);
  void ended(MemoryFetch& fetch, Status outcome) BM_EXCLUDES(mutex_);
  void leave(Reader& reader) BM_EXCLUDES(mutex_);
  void give_up(const Reader& reader, PageRange pages, ReadId id) BM_EXCLUDES(mutex_);

  [[nodiscard]] Presence presence(CachedBlob& blob, PageRange pages) const BM_REQUIRES(mutex_);
  /// False: there is no memory for it now.
  bool begin(const SharedRead& read, Actions& actions) BM_REQUIRES(mutex_);
  void collect(const SharedRead& read, Actions& actions) BM_REQUIRES(mutex_);
  /// The first for which there is no memory.
  std::optional<ByteRange> fetch_all_ahead(Reader& reader, const std::vector<ByteRange>& ahead,
                                           Actions& actions) BM_REQUIRES(mutex_);
  void share_fetches(Reader& reader, PageRange pages) BM_REQUIRES(mutex_);
  bool fetch_ahead(Reader& reader, PageRange pages, Actions& actions) BM_REQUIRES(mutex_);
  std::shared_ptr<MemoryFetch> start_fetch(const std::shared_ptr<CachedBlob>& blob, PageRange pages,
                                           std::vector<PageBuffer> memory, Urgency urgency, Actions& actions)
      BM_REQUIRES(mutex_);
  void pin(CachedBlob& blob, PageRange pages, bool pinned) BM_REQUIRES(mutex_);
  void use(CachedBlob& blob, PageRange pages) BM_REQUIRES(mutex_);
  Block& block_of(CachedBlob& blob, std::uint64_t page, bool ahead) BM_REQUIRES(mutex_);
  std::vector<PageBuffer> take(std::size_t pages, EvictionOrder::Ahead ahead) BM_REQUIRES(mutex_);
  /// Whether there was a block that could go.
  bool evict_one(EvictionOrder::Ahead ahead) BM_REQUIRES(mutex_);
  void fail_waiting(MemoryFetch& fetch, const Error& error, Actions& actions) BM_REQUIRES(mutex_);
  void forget(MemoryFetch& fetch) BM_REQUIRES(mutex_);
  void forget_unless_waited_for(MemoryFetch& fetch, Actions& actions) BM_REQUIRES(mutex_);
  std::uint64_t clear(CachedBlob& blob) BM_REQUIRES(mutex_);
  /// Forget a block that has left the order.
  void erase(CachedBlob& blob, std::uint64_t index) BM_REQUIRES(mutex_);
  void note_if_unused(CachedBlob& blob) BM_REQUIRES(mutex_);
  void drop_unused_blobs() BM_REQUIRES(mutex_);
  void feed(Actions& actions) BM_REQUIRES(mutex_);
  void carry_out(Actions actions) BM_EXCLUDES(mutex_);

  ByteSource& below_;
  MemoryBudget& budget_;
  PagePool pool_;

  mutable Mutex mutex_;
  EvictionOrder order_ BM_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::shared_ptr<CachedBlob>> blobs_ BM_GUARDED_BY(mutex_);
  std::vector<CachedBlob*> unused_ BM_GUARDED_BY(mutex_);  ///< of those: without pages and readers
  MemoryBudget::Charge bookkeeping_ BM_GUARDED_BY(mutex_);
  std::deque<SharedRead> hungry_ BM_GUARDED_BY(mutex_);  ///< wait for memory
  ReaderId last_reader_ BM_GUARDED_BY(mutex_) = 0;
  MemoryStats stats_ BM_GUARDED_BY(mutex_);

  std::atomic<bool> trim_is_due_{false}, giving_back_is_due_{false};
  std::atomic<bool> ending_{false};  ///< nothing is given to the trimmer any more
  WorkerPool trimmer_{"memory", 1};
};

/// Reads one version. Safe to use from any thread.
class MemoryTier::Reader {
 public:
  /// Ends what was fetched for it alone.
  ~Reader() { tier_.leave(*this); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  [[nodiscard]] std::uint64_t size() const { return blob_->version->size; }  ///< bytes
  /// How far ahead it may fetch, in bytes: half of the memory is for what somebody waits for; and an eighth
  /// less, for that half shrinks a little with each name that is listed, and a stream that is refused halves
  /// its window.
  [[nodiscard]] std::uint64_t longest_window() const { return tier_.most_ahead() / 8 * 7 * page_size; }
  [[nodiscard]] Presence presence(ByteRange range) const;
  /// Give `range`, which lies within the blob and is not empty, to `done`: exactly once, maybe before
  /// returning, with no lock held. Then begin to fetch each of `ahead`, in its order, as far as there is
  /// memory; the first for which there is none, if any, is returned.
  std::optional<ByteRange> read(ByteRange range, const std::vector<ByteRange>& ahead, Completion<Bytes> done,
                                ReadId id = 0);
  /// As OpenFile::give_up.
  void give_up(ByteRange range, ReadId id) { tier_.give_up(*this, pages_of(range), id); }
  /// Only that.
  std::optional<ByteRange> fetch_ahead(const std::vector<ByteRange>& ahead);

 private:
  friend class MemoryTier;
  Reader(MemoryTier& tier, std::shared_ptr<CachedBlob> blob, ReaderId id)
      : tier_(tier), blob_(std::move(blob)), id_(id) {}

  MemoryTier& tier_;
  const std::shared_ptr<CachedBlob> blob_;
  const ReaderId id_;
  std::atomic<bool> wanted_below_{true};  ///< what is read again from memory
  /// Begun for this reader. The tier guards it.
  std::vector<std::weak_ptr<MemoryFetch>> fetches_;
};

}  // namespace blobmount
