#include "cache/remote_source.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace blobmount {

namespace {

Error unwanted() { return {ErrorCode::cancelled, "nobody wants it any more"}; }

}  // namespace

/// A ranged read that fills the pages of neighbouring fetches. For one thread at a time.
class RemoteSource::Download {
 public:
  explicit Download(FetchQueue::Group group) : group_(std::move(group)) {}

  [[nodiscard]] const FetchQueue::Group& group() const { return group_; }
  [[nodiscard]] ByteRange range() const {
    const auto offset = group_.front()->bytes().offset;
    return {offset, group_.back()->bytes().end() - offset};
  }

  /// False: nobody wants the rest.
  bool take(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const auto copied = fill(bytes);
      bytes = bytes.subspan(copied);
    }
    return std::any_of(group_.begin() + static_cast<std::ptrdiff_t>(part_), group_.end(),
                       [](const auto& fetch) { return fetch->wanted(); }) ||
           part_ == group_.size();
  }

  /// Those that are not complete get `outcome`.
  void end(const Status& outcome) {
    for (; part_ < group_.size(); ++part_) group_[part_]->ended(outcome);
  }

 private:
  /// As much of `bytes` as belongs into the current page.
  std::size_t fill(std::span<const std::byte> bytes) {
    auto& fetch = *group_[part_];
    const auto page = filled_ / page_size;
    const auto within = filled_ % page_size;
    const auto length = fetch.bytes().length;
    const auto size = std::min<std::uint64_t>({bytes.size(), page_size - within, length - filled_});
    std::memcpy(fetch.buffers()[page].get() + within, bytes.data(), size);
    filled_ += size;
    if (filled_ % page_size == 0 || filled_ == length) fetch.arrived(page);
    if (filled_ == length) next_part();
    return size;
  }

  void next_part() {
    filled_ = 0;
    group_[part_++]->ended({});
  }

  const FetchQueue::Group group_;
  std::size_t part_ = 0;
  std::uint64_t filled_ = 0;  ///< of the current part
};

void RemoteSource::start(std::vector<SharedFetch> fetches) {
  {
    const MutexLock lock(mutex_);
    for (auto& fetch : fetches) queue_.add(std::move(fetch));
  }
  pump();
}

/// Request what may be requested now. One thread at a time, and never from within itself: where requests fail
/// at once, because the network stops, each would begin the next one inside its own end.
void RemoteSource::pump() {
  while (true) {
    std::vector<SharedFetch> given_up;
    std::vector<FetchQueue::Group> groups;
    {
      const MutexLock lock(mutex_);
      if (pumping_) return;
      given_up = queue_.take_unwanted();
      groups = queue_.take();
      if (groups.empty() && given_up.empty()) return;
      pumping_ = true;
    }
    for (auto& group : groups) request(std::move(group));
    for (const auto& fetch : given_up) fetch->ended(unwanted());
    const MutexLock lock(mutex_);
    pumping_ = false;  // what came meanwhile is for the next turn
  }
}

void RemoteSource::request(FetchQueue::Group group) {
  const auto download = std::make_shared<Download>(std::move(group));
  const auto& version = *download->group().front()->version();
  store_.read(
      version, download->range(),
      [download](std::span<const std::byte> bytes) { return download->take(bytes); },
      [this, download](const Status& outcome) {
        download->end(outcome);
        finished(download->group());
      });
}

void RemoteSource::finished(const FetchQueue::Group& group) {
  {
    const MutexLock lock(mutex_);
    queue_.finished(group);
  }
  pump();
}

}  // namespace blobmount
