#include "cache/fetch_queue.hpp"

#include <algorithm>

namespace blobmount {
namespace {

/// A blob up to this size comes whole: a request costs more than its bytes.
constexpr std::uint64_t small = 1ULL << 20U;

/// Whether one request may bring `first` and then `second`: nobody is to wait for what nobody waits for.
bool in_good_order(const Fetch& first, const Fetch& second) {
  return first.urgency() == Urgency::waited_for || second.urgency() == Urgency::ahead ||
         first.version()->size <= small;
}

}  // namespace

std::vector<FetchQueue::Group> FetchQueue::take() {
  std::vector<Group> groups;
  for (auto position = next(); position != waiting_.end(); position = next()) {
    groups.push_back(with_neighbours(position));
    ++under_way_;
    ++under_way_of_blob_[groups.back().front()->version().get()];
  }
  return groups;
}

void FetchQueue::finished(const Group& group) {
  --under_way_;
  const auto of_blob = under_way_of_blob_.find(group.front()->version().get());
  if (--of_blob->second == 0) under_way_of_blob_.erase(of_blob);
}

std::vector<SharedFetch> FetchQueue::take_unwanted() {
  std::vector<SharedFetch> unwanted;
  for (auto position = waiting_.begin(); position != waiting_.end();) {
    if ((*position)->wanted()) {
      ++position;
      continue;
    }
    unwanted.push_back(std::move(*position));
    position = waiting_.erase(position);
  }
  return unwanted;
}

FetchQueue::Position FetchQueue::next() {
  auto ahead = waiting_.end();
  for (auto position = waiting_.begin(); position != waiting_.end(); ++position) {
    if (!may_start(**position)) continue;
    if ((*position)->urgency() == Urgency::waited_for) return position;
    if (ahead == waiting_.end()) ahead = position;
  }
  return ahead;
}

bool FetchQueue::may_start(const Fetch& fetch) const {
  const bool urgent = fetch.urgency() == Urgency::waited_for;
  const auto of_blob = under_way_of_blob_.find(fetch.version().get());
  const auto count = of_blob != under_way_of_blob_.end() ? of_blob->second : 0;
  return under_way_ < (urgent ? limits_.account : limits_.account_ahead) &&
         count < (urgent ? limits_.blob : limits_.blob_ahead);
}

FetchQueue::Group FetchQueue::with_neighbours(Position position) {
  Group group{*position};
  auto largest = (*position)->bytes().length;
  auto size = largest;
  waiting_.erase(position);
  const bool busy = under_way_ + 1 + waiting_.size() > limits_.account_ahead;
  while (true) {
    const auto most = std::max(largest, busy ? limits_.joined_when_busy : limits_.joined);
    const auto neighbour = find_neighbour(group, most - size);
    if (neighbour == waiting_.end()) return group;
    const auto& fetch = *neighbour;
    size += fetch->bytes().length;
    largest = std::max(largest, fetch->bytes().length);
    const bool behind = fetch->pages().first == group.back()->pages().end();
    group.insert(behind ? group.end() : group.begin(), fetch);
    waiting_.erase(neighbour);
  }
}

FetchQueue::Position FetchQueue::find_neighbour(const Group& group, std::uint64_t room) {
  const auto begin = group.front()->pages().first;
  const auto end = group.back()->pages().end();
  return std::find_if(waiting_.begin(), waiting_.end(), [&](const SharedFetch& fetch) {
    const auto pages = fetch->pages();
    return fetch->version() == group.front()->version() && fetch->bytes().length <= room && fetch->wanted() &&
           ((pages.first == end && in_good_order(*group.back(), *fetch)) ||
            (pages.end() == begin && in_good_order(*fetch, *group.front())));
  });
}

}  // namespace blobmount
