#pragma once

/// In which order the files of a directory are opened: as it lists them, or by their number, as programs do
/// that sort by inode (cp). Arithmetic, without I/O; told which entry is opened, it says which come next.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace blobmount {

/// A value, for one thread at a time. Entries are named by their index in the listing.
class ReadingOrder {
 public:
  enum class By : std::uint8_t { listing, number };

  /// `entries`: how many there are. `number_of` is asked for each where they are not opened as listed.
  /// `guess` is what the first one is taken for.
  ReadingOrder(std::size_t entries, std::function<std::uint64_t(std::size_t)> number_of, By guess)
      : entries_(entries), number_of_(std::move(number_of)), by_(guess) {}

  /// Whether it was to be expected, or is the first.
  bool opened(std::size_t index);
  /// How many were opened in a row as expected.
  [[nodiscard]] unsigned run() const { return run_; }
  [[nodiscard]] By by() const { return by_; }
  /// What comes `distance` after the last one; nothing: the directory ends before it.
  [[nodiscard]] std::optional<std::size_t> ahead(std::size_t distance) const;
  /// How far `index` is ahead of the last one; negative: it has been passed.
  [[nodiscard]] std::ptrdiff_t distance_to(std::size_t index) const;

 private:
  [[nodiscard]] std::size_t position_of(std::size_t index) const {
    return by_ == By::number ? rank_[index] : index;
  }
  [[nodiscard]] bool follows(std::size_t index, By by);
  void sort();

  std::size_t entries_;
  std::function<std::uint64_t(std::size_t)> number_of_;
  By by_;
  std::vector<std::uint32_t> sorted_{}, rank_{};  ///< by number: the index at a position, and the reverse
  std::optional<std::size_t> last_{};             ///< index
  unsigned run_ = 0;
};

}  // namespace blobmount
