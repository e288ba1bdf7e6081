#pragma once

/// Immutable bytes by version: what the caches call them, and the places they come from. Places stack: memory
/// over disk over the service.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "blobmount/blob_store.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// What is valid or missing as a whole, in bytes: small enough for a random reader, large enough that what is
/// kept about it costs little. The last page of a blob is cut short by the blob's end.
inline constexpr std::uint64_t page_size = 64ULL << 10U;

using SharedVersion = std::shared_ptr<const BlobVersion>;

/// `page_size` bytes of memory. Whoever fills it is alone with it; once it is known to hold its bytes it
/// never changes. The last reference gives it back to where it came from.
using PageBuffer = std::shared_ptr<std::byte>;

/// Pages by number: page N begins at byte N * page_size.
struct PageRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;

  [[nodiscard]] std::uint64_t end() const { return first + count; }
  bool operator==(const PageRange&) const = default;
};

/// The pages that `bytes`, which is not empty, touches.
inline PageRange pages_of(ByteRange bytes) {
  const auto first = bytes.offset / page_size;
  return {first, (bytes.end() + page_size - 1) / page_size - first};
}

/// The bytes of a blob of `size` bytes that stand in `pages`, which begin before its end.
inline ByteRange bytes_of(PageRange pages, std::uint64_t size) {
  const auto offset = pages.first * page_size;
  return {offset, std::min(pages.end() * page_size, size) - offset};
}

enum class Urgency : std::uint8_t {
  waited_for,  ///< somebody waits
  ahead,       ///< somebody will ask, perhaps
};

/// Neighbouring pages of one version on their way, with the memory they go to. Made by who wants them, filled
/// by a ByteSource. Its calls are safe on any thread.
class Fetch {
 public:
  Fetch(SharedVersion version, PageRange pages, std::vector<PageBuffer> buffers)
      : version_(std::move(version)), pages_(pages), buffers_(std::move(buffers)) {}
  virtual ~Fetch() = default;
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  [[nodiscard]] const SharedVersion& version() const { return version_; }
  [[nodiscard]] PageRange pages() const { return pages_; }
  [[nodiscard]] ByteRange bytes() const { return bytes_of(pages_, version_->size); }
  /// One for each page, in their order.
  [[nodiscard]] const std::vector<PageBuffer>& buffers() const { return buffers_; }

  /// May rise from `ahead` to `waited_for`; then the source that has it is told to reconsider().
  [[nodiscard]] virtual Urgency urgency() const = 0;
  /// False, for good: nobody wants it any more; the source may end it with `cancelled`.
  [[nodiscard]] virtual bool wanted() const = 0;

  /// Page `pages().first + index` holds its bytes. Once for each page at most, in any order, never after
  /// ended(). Does not block.
  virtual void arrived(std::size_t index) = 0;
  /// Nothing more comes: all pages have arrived, or the Error says why they did not. Exactly once; from then
  /// on nobody touches buffers().
  virtual void ended(Status outcome) = 0;

 protected:
  /// For ended(): their memory may be waited for, while the source still holds the fetch.
  void let_go_of_buffers() { buffers_.clear(); }

 private:
  const SharedVersion version_;
  const PageRange pages_;
  std::vector<PageBuffer> buffers_;
};
using SharedFetch = std::shared_ptr<Fetch>;

/// A place bytes come from. Safe to use from any thread; must outlive what was started.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fill each of `fetches`, and tell it so, on any thread, maybe before returning. Never blocks. Those of
  /// one call may be joined into fewer requests, in their order, where they are neighbours.
  virtual void start(std::vector<SharedFetch> fetches) = 0;
  /// A fetch that was started here has become more urgent, or unwanted.
  virtual void reconsider() = 0;
  /// `pages` of `version`, in `buffers`, were read again from memory above: a place that lacks them may keep
  /// them. False: it has all of that version, or wants none. Never blocks.
  virtual bool offer(const SharedVersion& /*version*/, PageRange /*pages*/,
                     std::span<const PageBuffer> /*buffers*/) {
    return false;
  }
};

}  // namespace blobmount
