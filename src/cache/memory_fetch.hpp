#pragma once

/// A read that waits for pages, and the fetches that bring them.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "blobmount/byte_source.hpp"
#include "blobmount/file_system.hpp"

namespace blobmount {

class MemoryTier;
struct CachedBlob;

using ReaderId = std::uint64_t;
/// Of a fetch that more than one reader wants before they wait for it.
inline constexpr ReaderId several = ~ReaderId{0};

/// What a reader asked for, and as much of it as is there. The tier guards it, and answers it once.
struct Read {
  ReaderId reader = 0;
  ReadId id = 0;  ///< of that reader
  std::shared_ptr<CachedBlob> blob{};
  ByteRange range{};
  std::vector<PageBuffer> pages{};
  std::size_t missing = 0;
  bool joined = false;  ///< a fetch that others had begun
  bool answered = false;
  bool tried_again = false;  ///< since such a fetch failed
  Completion<Bytes> done{};

  /// The bytes, once none is missing.
  [[nodiscard]] Bytes bytes() const;
};
using SharedRead = std::shared_ptr<Read>;

class MemoryFetch final : public Fetch, public std::enable_shared_from_this<MemoryFetch> {
 public:
  MemoryFetch(MemoryTier& tier, std::shared_ptr<CachedBlob> blob, PageRange pages,
              std::vector<PageBuffer> buffers, Urgency urgency);

  [[nodiscard]] Urgency urgency() const override { return urgency_; }
  [[nodiscard]] bool wanted() const override { return wanted_; }
  void arrived(std::size_t index) override;
  void ended(Status outcome) override;

 private:
  friend class MemoryTier;
  MemoryTier& tier_;
  std::atomic<Urgency> urgency_;
  std::atomic<bool> wanted_{true};

  // The tier guards these.
  const std::shared_ptr<CachedBlob> blob_;
  ReaderId ahead_of_ = 0;  ///< for whom it was begun, or `several`; 0: for those only who wait
  std::multimap<std::size_t, SharedRead> waiting_;  ///< by page
};

}  // namespace blobmount
