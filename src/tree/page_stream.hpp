#pragma once

/// The pages of one listing, in their order. The next one is asked for as soon as its marker is known, while
/// the one before is still being decoded.

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "blobmount/blob_store.hpp"
#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"

namespace blobmount {

/// A page that names itself as the next one may have been cut short; one that goes on doing so ends the
/// listing.
constexpr int most_page_repeats = 16;

inline Error listing_stands_still() {
  return {ErrorCode::corrupt, "the listing does not go on: a page names itself as the next one"};
}

/// Who reads the pages. Calls come one at a time, with no lock held.
template <typename Page>
class PageReader {
 public:
  virtual ~PageReader() = default;
  using NextKnown = std::function<void(const std::string& marker)>;
  /// Ask the service for the page at `marker`; as BlobStore's calls. May overlap the other calls.
  virtual void ask(std::string marker, NextKnown next_known, Completion<Page> done) = 0;
  /// False: the next page is not asked for before PageStream::resume(). May overlap the other calls.
  virtual bool wants_more() = 0;
  virtual void take(Page page, SteadyTime asked) = 0;
  /// No more comes: the listing is complete, or has failed.
  virtual void ended(Status outcome) = 0;
};

/// Kept alive by the page it waits for; while none is asked for, by who may resume it. Safe to use from any
/// thread.
template <typename Page>
class PageStream final : public std::enable_shared_from_this<PageStream<Page>> {
 public:
  /// `clock` outlives it.
  PageStream(std::shared_ptr<PageReader<Page>> reader, Clock& clock)
      : reader_(std::move(reader)), clock_(clock) {}

  void start() { ask(0, ""); }

  /// Go on, if it stands still and more is wanted.
  void resume() BM_EXCLUDES(mutex_) {
    std::optional<std::pair<std::size_t, std::string>> next;
    if (!reader_->wants_more()) return;
    {
      const MutexLock lock(mutex_);
      next = std::exchange(paused_, std::nullopt);
    }
    if (next) ask(next->first, std::move(next->second));
  }

 private:
  struct Arrival {
    std::string marker;  ///< of this page
    Result<Page> page;
    SteadyTime asked;
  };

  void ask(std::size_t number, std::string marker) {
    const auto now = clock_.now();
    reader_->ask(
        marker,
        [self = this->shared_from_this(), number](const std::string& next) {
          self->next_known(number + 1, next);
        },
        [self = this->shared_from_this(), number, now, marker](Result<Page> page) {
          self->came(number, {marker, std::move(page), now});
        });
  }

  void next_known(std::size_t number, const std::string& marker) BM_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      if (known_ < number && !ended_) paused_.emplace(number, marker);
      known_ = std::max(known_, number);
    }
    resume();
  }

  void came(std::size_t number, Arrival arrival) BM_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      waiting_.emplace(number, std::move(arrival));
      if (std::exchange(taking_, true)) return;
    }
    while (auto next = take_next()) {
      if (!take(next->first, std::move(next->second))) return;
    }
  }

  std::optional<std::pair<std::size_t, Arrival>> take_next() BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    auto found = waiting_.extract(taken_);
    taking_ = !found.empty();
    if (!taking_) return std::nullopt;
    return std::pair(taken_++, std::move(found.mapped()));
  }

  /// False: that was the end.
  bool take(std::size_t number, Arrival arrival) {
    if (!arrival.page) {
      end(std::move(arrival.page).error());
      return false;
    }
    const auto marker = arrival.page->next_marker;
    repeats_ = marker == arrival.marker ? repeats_ + 1 : 0;
    if (!marker.empty() && repeats_ > most_page_repeats) {
      end(listing_stands_still());
      return false;
    }
    reader_->take(*std::move(arrival.page), arrival.asked);
    if (marker.empty()) {
      end({});
      return false;
    }
    // a page may be empty and still have a next one
    next_known(number + 1, marker);
    return true;
  }

  void end(Status outcome) BM_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      ended_ = true;
      paused_.reset();
    }
    reader_->ended(std::move(outcome));
  }

  const std::shared_ptr<PageReader<Page>> reader_;
  Clock& clock_;

  Mutex mutex_;
  std::size_t known_ BM_GUARDED_BY(mutex_) = 0;  ///< the page whose marker was told last
  std::optional<std::pair<std::size_t, std::string>> paused_ BM_GUARDED_BY(mutex_);
  std::map<std::size_t, Arrival> waiting_ BM_GUARDED_BY(mutex_);  ///< came before their turn
  std::size_t taken_ BM_GUARDED_BY(mutex_) = 0;
  bool taking_ BM_GUARDED_BY(mutex_) = false;
  bool ended_ BM_GUARDED_BY(mutex_) = false;
  int repeats_ = 0;  ///< of take(), which is called by one at a time
};

}  // namespace blobmount
