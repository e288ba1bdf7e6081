#pragma once

/// A place below a cache, whose answers a test gives by hand: page by page, in any order, or not at all.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "blobmount/byte_source.hpp"

#include "base/annotated_mutex.hpp"
#include "fakes/synthetic_content.hpp"

namespace blobmount::tests {

/// What the fake source fills the pages of a version with.
inline SyntheticContent bytes_of_version(const BlobVersion& version) {
  return SyntheticContent(SyntheticContent::seed_of(version.blob + version.etag));
}

/// Safe to use from any thread. Keeps what was started until the test ends it.
class FakeByteSource final : public ByteSource {
 public:
  void start(std::vector<SharedFetch> fetches) override BM_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      under_way_.insert(under_way_.end(), fetches.begin(), fetches.end());
      for (const auto& fetch : fetches) {
        started_.push_back(fetch->pages());
        urgencies_.push_back(fetch->urgency());
      }
    }
    if (at_once_) {
      for (const auto& fetch : fetches) complete(fetch);
    }
  }
  void reconsider() override BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    ++reconsidered_;
  }

  bool offer(const SharedVersion& version, PageRange pages, std::span<const PageBuffer> buffers) override
      BM_EXCLUDES(mutex_) {
    for (std::size_t index = 0; index < pages.count; ++index) {
      const auto bytes = bytes_of({pages.first + index, 1}, version->size);
      EXPECT_TRUE(bytes_of_version(*version).matches(bytes.offset, {buffers[index].get(), bytes.length}));
    }
    const MutexLock lock(mutex_);
    offered_.push_back(pages);
    return offers_wanted_;
  }

  /// From now on, complete fetches before start() returns.
  void answer_at_once() { at_once_ = true; }

  /// From now on, want no offers of the versions of which one is made.
  void want_no_offers() BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    offers_wanted_ = false;
  }

  /// The one that was started as number `index` of those that have not ended.
  [[nodiscard]] SharedFetch under_way(std::size_t index = 0) const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return under_way_.at(index);
  }
  [[nodiscard]] std::size_t count_under_way() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return under_way_.size();
  }

  /// Page `index` of `fetch` arrives.
  static void arrive(const SharedFetch& fetch, std::size_t index) {
    const auto bytes = bytes_of({fetch->pages().first + index, 1}, fetch->version()->size);
    bytes_of_version(*fetch->version()).fill(bytes.offset, {fetch->buffers()[index].get(), bytes.length});
    fetch->arrived(index);
  }
  /// It ends, with whatever has arrived.
  void end(const SharedFetch& fetch, Status outcome = {}) BM_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      under_way_.erase(std::find(under_way_.begin(), under_way_.end(), fetch));
    }
    fetch->ended(std::move(outcome));
  }
  /// All of it arrives.
  void complete(const SharedFetch& fetch) {
    for (std::size_t index = 0; index < fetch->pages().count; ++index) arrive(fetch, index);
    end(fetch);
  }
  /// Until nothing is under way, what is started meanwhile included.
  void complete_all() {
    while (count_under_way() > 0) complete(under_way());
  }

  /// What was started since the last call.
  [[nodiscard]] std::vector<PageRange> started() BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    urgencies_.clear();
    return std::exchange(started_, {});
  }
  [[nodiscard]] std::vector<Urgency> urgencies() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return urgencies_;
  }
  /// What was offered since the last call.
  [[nodiscard]] std::vector<PageRange> offered() BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return std::exchange(offered_, {});
  }
  [[nodiscard]] int reconsidered() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return reconsidered_;
  }

 private:
  bool at_once_ = false;
  mutable Mutex mutex_;
  std::vector<SharedFetch> under_way_ BM_GUARDED_BY(mutex_);
  std::vector<PageRange> offered_ BM_GUARDED_BY(mutex_);
  bool offers_wanted_ BM_GUARDED_BY(mutex_) = true;
  std::vector<PageRange> started_ BM_GUARDED_BY(mutex_);
  std::vector<Urgency> urgencies_ BM_GUARDED_BY(mutex_);
  int reconsidered_ BM_GUARDED_BY(mutex_) = 0;
};

}  // namespace blobmount::tests
