#pragma once

/// Pages by number: which of a version's are there. Takes memory for those only, however large the blob is.

#include <bitset>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "blobmount/byte_source.hpp"

namespace blobmount {

/// A value.
class PageSet {
 public:
  /// Whether it was not there before.
  bool insert(std::uint64_t page) {
    auto bit = chunks_[page / chunk][page % chunk];
    const bool added = !bit;
    bit = true;
    size_ += added ? 1 : 0;
    return added;
  }

  /// Whether it was there.
  bool erase(std::uint64_t page) {
    if (!contains(page)) return false;
    chunks_[page / chunk].reset(page % chunk);
    --size_;
    return true;
  }

  [[nodiscard]] bool contains(std::uint64_t page) const {
    const auto found = chunks_.find(page / chunk);
    return found != chunks_.end() && found->second.test(page % chunk);
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  static constexpr std::uint64_t chunk = 512;

  std::unordered_map<std::uint64_t, std::bitset<chunk>> chunks_;
  std::uint64_t size_ = 0;
};

/// Neighbouring pages that are all there, or all not.
struct PageRun {
  PageRange pages{};
  bool present = false;

  bool operator==(const PageRun&) const = default;
};

/// `pages` in runs as long as can be, in their order.
inline std::vector<PageRun> runs_of(PageRange pages, const PageSet& set) {
  std::vector<PageRun> runs;
  for (auto page = pages.first; page < pages.end(); ++page) {
    const bool present = set.contains(page);
    if (runs.empty() || runs.back().present != present) runs.push_back({{page, 0}, present});
    ++runs.back().pages.count;
  }
  return runs;
}

}  // namespace blobmount
