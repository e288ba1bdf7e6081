#pragma once

/// What tests of the disk tier are made of: a fetch that watches over its contract, and a place below that
/// has all bytes of all blobs.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "blobmount/byte_source.hpp"

#include "base/annotated_mutex.hpp"
#include "fakes/synthetic_content.hpp"

namespace blobmount::tests {

inline SharedVersion version_of_size(const std::string& blob, std::uint64_t size) {
  return std::make_shared<const BlobVersion>(
      BlobVersion{.container = "container", .blob = blob, .etag = "\"0x8D\"", .size = size});
}

/// `pages` whole ones.
inline SharedVersion version_of(const std::string& blob, std::uint64_t pages) {
  return version_of_size(blob, pages * page_size);
}

inline PageRange all_pages(const BlobVersion& version) { return pages_of({0, version.size}); }

inline SyntheticContent content_of(const BlobVersion& version) {
  return SyntheticContent(SyntheticContent::seed_of(version.blob + version.etag));
}

inline PageBuffer new_page() { return {new std::byte[page_size], std::default_delete<std::byte[]>()}; }

/// Fails the test if a page arrives twice or with wrong bytes, or if the end is not told exactly once.
class WatchedFetch final : public Fetch {
 public:
  WatchedFetch(const SharedVersion& version, PageRange pages, std::vector<PageBuffer> buffers)
      : Fetch(version, pages, std::move(buffers)) {}
  ~WatchedFetch() override { EXPECT_TRUE(outcome_) << "a fetch ends"; }

  [[nodiscard]] Urgency urgency() const override { return urgency_; }
  void become(Urgency urgency) { urgency_ = urgency; }
  [[nodiscard]] bool wanted() const override { return wanted_; }
  void abandon() { wanted_ = false; }

  void arrived(std::size_t index) override BM_EXCLUDES(mutex_) {
    const auto bytes = bytes_of({pages().first + index, 1}, version()->size);
    EXPECT_TRUE(content_of(*version()).matches(bytes.offset, {buffers()[index].get(), bytes.length}))
        << "page " << pages().first + index << " of " << version()->blob << " has wrong bytes";

    const MutexLock lock(mutex_);
    EXPECT_FALSE(outcome_) << "nothing arrives after the end";
    EXPECT_TRUE(arrived_.insert(index).second) << "a page arrives once";
  }

  void ended(Status outcome) override BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    EXPECT_FALSE(outcome_) << "a fetch ends once";
    if (outcome) {
      EXPECT_EQ(arrived_.size(), pages().count) << "success is all pages";
    }
    outcome_ = std::move(outcome);
    ended_.notify_all();
  }

  [[nodiscard]] bool has_ended() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return outcome_.has_value();
  }

  /// Blocks until the end.
  Status wait() BM_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (!outcome_) ended_.wait(lock.native());
    return *outcome_;
  }

  [[nodiscard]] std::size_t arrivals() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return arrived_.size();
  }

 private:
  std::atomic<Urgency> urgency_{Urgency::waited_for};
  std::atomic<bool> wanted_{true};
  mutable Mutex mutex_;
  std::condition_variable ended_;
  std::set<std::size_t> arrived_ BM_GUARDED_BY(mutex_);
  std::optional<Status> outcome_ BM_GUARDED_BY(mutex_);
};
using SharedWatch = std::shared_ptr<WatchedFetch>;

inline SharedWatch fetch_of(const SharedVersion& version, PageRange pages) {
  std::vector<PageBuffer> buffers;
  for (std::uint64_t i = 0; i < pages.count; ++i) buffers.push_back(new_page());
  return std::make_shared<WatchedFetch>(version, pages, std::move(buffers));
}

/// Has every page of every version, at once, unless told that one fails.
class Origin final : public ByteSource {
 public:
  void start(std::vector<SharedFetch> fetches) override BM_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      ++starts_;
      for (const auto& fetch : fetches) asked_.push_back(fetch->pages());
    }
    for (const auto& fetch : fetches) fill(*fetch);
  }
  void reconsider() override { ++reconsidered; }

  /// Fetches that hold a page for which `fails` end there, with `unavailable`.
  void fail(std::function<bool(std::uint64_t page)> fails) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    fails_ = std::move(fails);
  }

  /// What was asked for since the last call.
  std::vector<PageRange> asked() BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return std::exchange(asked_, {});
  }
  [[nodiscard]] int starts() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return starts_;
  }

  std::atomic<int> reconsidered{0};

 private:
  [[nodiscard]] bool fails(std::uint64_t page) const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return fails_ && fails_(page);
  }

  void fill(Fetch& fetch) const {
    const auto& version = *fetch.version();
    for (std::size_t i = 0; i < fetch.pages().count; ++i) {
      const auto page = fetch.pages().first + i;
      if (fails(page)) return fetch.ended(Error{ErrorCode::unavailable, "the origin fails to order"});
      const auto bytes = bytes_of({page, 1}, version.size);
      content_of(version).fill(bytes.offset, {fetch.buffers()[i].get(), bytes.length});
      fetch.arrived(i);
    }
    fetch.ended({});
  }

  mutable Mutex mutex_;
  int starts_ BM_GUARDED_BY(mutex_) = 0;
  std::vector<PageRange> asked_ BM_GUARDED_BY(mutex_);
  std::function<bool(std::uint64_t)> fails_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount::tests
