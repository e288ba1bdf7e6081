#pragma once

/// Pages by number: which of a version's are there. Of small blobs, of which a cache may hold a million, they
/// are bits of one word; of larger ones it takes memory for those only that are there.

#include <bit>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "blobmount/byte_source.hpp"

namespace blobmount {

/// A value, which is moved.
class PageSet {
 public:
  /// Whether it was not there before.
  bool insert(std::uint64_t page) {
    if (contains(page)) return false;
    if (page < in_word) {
      word_ |= bit_of(page);
      return true;
    }
    if (!rest_) rest_ = std::make_unique<Rest>();
    rest_->chunks[page / chunk].set(page % chunk);
    ++rest_->size;
    return true;
  }

  /// Whether it was there.
  bool erase(std::uint64_t page) {
    if (!contains(page)) return false;
    if (page < in_word) {
      word_ &= ~bit_of(page);
      return true;
    }
    rest_->chunks[page / chunk].reset(page % chunk);
    --rest_->size;
    return true;
  }

  [[nodiscard]] bool contains(std::uint64_t page) const {
    if (page < in_word) return (word_ & bit_of(page)) != 0;
    if (!rest_) return false;
    const auto found = rest_->chunks.find(page / chunk);
    return found != rest_->chunks.end() && found->second.test(page % chunk);
  }

  [[nodiscard]] std::uint64_t size() const {
    return static_cast<std::uint64_t>(std::popcount(word_)) + (rest_ ? rest_->size : 0);
  }

  /// Bytes of memory that it takes beside itself.
  [[nodiscard]] std::size_t footprint() const {
    constexpr std::size_t of_chunk = 8 + chunk / 8 + 16 + 16;  // number, bits, node, its place in the map
    return rest_ ? sizeof(Rest) + 16 + rest_->chunks.size() * of_chunk : 0;
  }

 private:
  static constexpr std::uint64_t in_word = 64;
  static constexpr std::uint64_t chunk = 512;
  static constexpr std::uint64_t bit_of(std::uint64_t page) { return std::uint64_t{1} << page; }

  struct Rest {
    std::unordered_map<std::uint64_t, std::bitset<chunk>> chunks{};
    std::uint64_t size = 0;
  };

  std::uint64_t word_ = 0;
  std::unique_ptr<Rest> rest_{};  ///< those that the word has no bit for
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
