#pragma once

/// What to fetch before it is asked for: arithmetic, without threads or I/O. Told what was read of one open
/// file, it recognises streams in it - forward and backward, several at once, with reads out of order - and
/// reads at a constant stride, and says what comes next.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "blobmount/byte_source.hpp"

namespace blobmount {

/// A value, for one thread at a time. All numbers are bytes.
class ReadAhead {
 public:
  /// `longest_window`: how far ahead of one stream at most.
  ReadAhead(std::uint64_t file_size, std::uint64_t longest_window)
      : file_size_(file_size), longest_window_(longest_window) {}

  /// `read`, which is not empty, was asked for; `all_here`: it need not wait. What to fetch now, nearest
  /// first, beside the read itself.
  std::vector<ByteRange> on_read(ByteRange read, bool all_here);
  /// There was no memory for `refused`, which on_read() said, and what came after it.
  void on_refused(ByteRange refused);

 private:
  struct Stream {
    std::uint64_t low = 0, high = 0;  ///< what has been read, of late
    std::uint64_t asked = 0;          ///< fetched ahead up to here: above high, or below low
    std::uint64_t window = 0;
    std::uint64_t consumed = 0;
    std::uint64_t skipped = 0;  ///< gaps that no late read has filled yet
    int run = 0;                ///< reads in a row upwards; downwards if negative
    std::uint64_t last_use = 0;
  };
  enum class Step : std::uint8_t { none, within, forward, backward };

  static Step step_of(const Stream& stream, ByteRange read);
  void begin_stream(ByteRange read);
  static std::uint64_t gap(const Stream& stream, ByteRange read);
  void advance(Stream& stream, Step step, ByteRange read, bool all_here);
  void grow_window(Stream& stream, bool all_here) const;
  std::vector<ByteRange> above(Stream& stream) const;
  static std::vector<ByteRange> below(Stream& stream);
  std::vector<ByteRange> at_stride(ByteRange read);

  const std::uint64_t file_size_;
  const std::uint64_t longest_window_;
  std::array<Stream, 8> streams_{};
  std::uint64_t reads_ = 0;
  std::optional<std::size_t> asked_for_{};  ///< the stream that on_read() spoke of last; none: a stride

  // Of the reads that belong to no stream.
  std::optional<ByteRange> last_{};
  std::int64_t stride_ = 0;
  unsigned strides_ = 0;        ///< how often in a row
  unsigned strides_ahead_ = 0;  ///< fetched beyond the last read
};

}  // namespace blobmount
