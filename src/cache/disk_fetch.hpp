#pragma once

/// A fetch that several places fill: some of its pages come from disk, the others from below.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "blobmount/byte_source.hpp"

#include "base/annotated_mutex.hpp"

namespace blobmount {

/// Ends the whole fetch when the last of its parts has ended. Safe to use from any thread.
class DividedFetch {
 public:
  /// Has one part: whoever made it, and ends it when all others have been begun.
  explicit DividedFetch(SharedFetch whole) : whole_(std::move(whole)) {}

  [[nodiscard]] const Fetch& whole() const { return *whole_; }
  /// The memory of a page, by its number in the blob.
  [[nodiscard]] const PageBuffer& buffer(std::uint64_t page) const {
    return whole_->buffers()[page - whole_->pages().first];
  }

  /// There is one part more; one has not ended yet.
  void part_begins() BM_EXCLUDES(mutex_);
  /// `page` is there, by its number in the blob.
  void arrived(std::uint64_t page);
  /// The first Error is the whole's, unless all pages have arrived nevertheless.
  void part_ended(Status outcome) BM_EXCLUDES(mutex_);

 private:
  const SharedFetch whole_;

  std::atomic<std::size_t> arrived_{0};
  Mutex mutex_;
  std::size_t parts_ BM_GUARDED_BY(mutex_) = 1;
  std::optional<Error> error_ BM_GUARDED_BY(mutex_);
};
using SharedDivision = std::shared_ptr<DividedFetch>;

/// A part of a fetch, for another source to fill. `on_page` gets each page that arrives, after the whole has
/// heard of it.
SharedFetch part_of(const SharedDivision& whole, PageRange pages,
                    std::function<void(std::uint64_t page, const PageBuffer&)> on_page);

}  // namespace blobmount
