#include "tree/reading_order.hpp"

#include <algorithm>
#include <numeric>

namespace blobmount {
namespace {

/// Who leaves out more than so many in a row follows another order.
constexpr std::size_t longest_gap = 4;
/// Numbers are computed for directories up to that size.
constexpr std::size_t most_sorted = 200'000;

}  // namespace

bool ReadingOrder::opened(std::size_t index) {
  if (entries_ > most_sorted) by_ = By::listing;
  if (by_ == By::number) sort();
  const bool first = !last_, again = last_ == index;
  bool expected = first || again || follows(index, by_);
  if (!expected && run_ == 0) {
    const auto other = by_ == By::listing ? By::number : By::listing;
    expected = follows(index, other);
    if (expected) by_ = other;
  }
  last_ = index;
  if (!expected) run_ = 0;
  if (expected && !first && !again) ++run_;
  return expected;
}

bool ReadingOrder::follows(std::size_t index, By by) {
  if (by == By::number) {
    if (entries_ > most_sorted) return false;
    sort();
    return rank_[index] > rank_[*last_] && rank_[index] - rank_[*last_] <= longest_gap;
  }
  return index > *last_ && index - *last_ <= longest_gap;
}

void ReadingOrder::sort() {
  if (!sorted_.empty()) return;
  std::vector<std::uint64_t> numbers(entries_);
  for (std::size_t i = 0; i < entries_; ++i) numbers[i] = number_of_(i);
  sorted_.resize(entries_);
  std::iota(sorted_.begin(), sorted_.end(), 0U);
  std::sort(sorted_.begin(), sorted_.end(),
            [&numbers](auto one, auto other) { return numbers[one] < numbers[other]; });
  rank_.resize(entries_);
  for (std::size_t i = 0; i < entries_; ++i) rank_[sorted_[i]] = static_cast<std::uint32_t>(i);
}

std::optional<std::size_t> ReadingOrder::ahead(std::size_t distance) const {
  if (!last_) return std::nullopt;
  const auto position = position_of(*last_) + distance;
  if (position >= entries_) return std::nullopt;
  return by_ == By::number ? sorted_[position] : position;
}

std::ptrdiff_t ReadingOrder::distance_to(std::size_t index) const {
  if (!last_) return 1;
  return static_cast<std::ptrdiff_t>(position_of(index)) - static_cast<std::ptrdiff_t>(position_of(*last_));
}

}  // namespace blobmount
