#include "file/read_ahead.hpp"

#include <algorithm>
#include <bit>

namespace blobmount {

namespace {

constexpr std::uint64_t mib = 1ULL << 20U;
/// The first window, and the smallest part that is fetched as one.
constexpr std::uint64_t shortest_window = mib;
/// The kernel sends the parts of its own read-ahead at once, and several threads take them: they come in any
/// order within that distance.
constexpr std::uint64_t disorder = 8 * mib;
/// Who leaves out more than so many times what is read does not read in disorder, but leaps.
constexpr std::uint64_t leap = 8;
/// What has been read is remembered that far back; who reads it again begins a new stream.
constexpr std::uint64_t memory_of_stream = 2 * disorder;
/// A window is fetched in so many parts side by side, of this size at most.
constexpr std::uint64_t parts_of_window = 32;
constexpr std::uint64_t largest_part = 16 * mib;
/// Up is what nearly everybody reads; down may be a footer that is looked at in two steps.
constexpr int forward_run = 1, backward_run = -2;

constexpr unsigned strides_to_believe = 2;
constexpr unsigned most_strides_ahead = 16;
constexpr std::int64_t longest_stride = 64 * mib;

std::uint64_t part_of(std::uint64_t window) {
  return std::clamp(std::bit_floor(window / parts_of_window), shortest_window, largest_part);
}

}  // namespace

std::vector<ByteRange> ReadAhead::on_read(ByteRange read, bool all_here) {
  ++reads_;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    auto& stream = streams_[i];
    const auto step = step_of(stream, read);
    if (step == Step::none) continue;
    asked_for_ = i;
    advance(stream, step, read, all_here);
    if (stream.run >= forward_run) return above(stream);
    if (stream.run <= backward_run) return below(stream);
    return {};
  }
  begin_stream(read);
  asked_for_.reset();
  if (read.offset != 0) return at_stride(read);
  // who begins at the beginning will go on
  asked_for_ = 0;
  return above(streams_.front());
}

ReadAhead::Step ReadAhead::step_of(const Stream& stream, ByteRange read) {
  if (stream.last_use == 0) return Step::none;
  const bool begins_again = read.offset == 0 && stream.high > read.end() && stream.run >= 0;
  if (begins_again) return Step::none;
  const bool known = stream.run >= forward_run || stream.run <= backward_run;
  const auto slack = known ? disorder : 0;
  if (read.offset >= stream.low && read.end() <= stream.high) return Step::within;
  if (read.offset >= stream.low && read.offset <= stream.high + slack) return Step::forward;
  if (read.end() <= stream.high && read.end() + slack >= stream.low) return Step::backward;
  return Step::none;
}

/// In place of the stream that was not used for the longest time; the most recent one stands first.
void ReadAhead::begin_stream(ByteRange read) {
  const auto oldest = std::min_element(streams_.begin(), streams_.end(),
                                       [](const auto& a, const auto& b) { return a.last_use < b.last_use; });
  *oldest = streams_.front();
  streams_.front() = {.low = read.offset,
                      .high = read.end(),
                      .asked = read.end(),
                      .window = read.offset == 0 ? shortest_window : 0,
                      .consumed = read.length,
                      .run = read.offset == 0 ? forward_run : 0,
                      .last_use = reads_};
}

void ReadAhead::advance(Stream& stream, Step step, ByteRange read, bool all_here) {
  stream.last_use = reads_;
  stream.skipped -= std::min(stream.skipped, read.length);
  if (step == Step::within) return;
  stream.consumed += read.length;
  const bool forward = step == Step::forward;
  stream.skipped += gap(stream, read);
  if (stream.skipped > std::min(disorder, leap * stream.consumed)) {
    // leaps, not disorder: what is between is not wanted
    stream = {.low = read.offset,
              .high = read.end(),
              .asked = read.end(),
              .consumed = read.length,
              .last_use = reads_};
    return;
  }
  if (forward != (stream.run >= 0)) {
    // it turned; or a read was late, and the next one turns it back
    stream.run = 0;
    stream.asked = forward ? stream.high : stream.low;
  }
  stream.run += forward ? 1 : -1;
  stream.low = std::min(stream.low, read.offset);
  stream.high = std::max(stream.high, read.end());
  if (forward) stream.low = std::max(stream.low, stream.high - std::min(stream.high, memory_of_stream));
  if (!forward) stream.high = std::min(stream.high, stream.low + memory_of_stream);
  grow_window(stream, all_here);
}

/// Between what has been read and `read`.
std::uint64_t ReadAhead::gap(const Stream& stream, ByteRange read) {
  if (read.offset > stream.high) return read.offset - stream.high;
  return read.end() < stream.low ? stream.low - read.end() : 0;
}

/// Doubles while the reader catches up with what is fetched, within twice of what it has read so far: what is
/// fetched in vain stays in proportion.
void ReadAhead::grow_window(Stream& stream, bool all_here) const {
  const auto most =
      std::clamp(2 * stream.consumed, shortest_window, std::max(shortest_window, longest_window_));
  if (stream.window == 0) {
    stream.window = shortest_window;
  } else if (!all_here) {
    stream.window = std::min(2 * stream.window, most);
  }
}

std::vector<ByteRange> ReadAhead::above(Stream& stream) const {
  std::vector<ByteRange> parts;
  stream.asked = std::max(stream.asked, stream.high);
  const auto part = part_of(stream.window);
  while (stream.asked < file_size_) {
    const auto end = std::min((stream.asked / part + 1) * part, file_size_);
    if (end > stream.high + stream.window) break;
    parts.push_back({stream.asked, end - stream.asked});
    stream.asked = end;
  }
  return parts;
}

std::vector<ByteRange> ReadAhead::below(Stream& stream) {
  std::vector<ByteRange> parts;
  stream.asked = std::min(stream.asked, stream.low);
  const auto part = part_of(stream.window);
  while (stream.asked > 0) {
    const auto begin = (stream.asked - 1) / part * part;
    if (begin + stream.window < stream.low) break;
    parts.push_back({begin, stream.asked - begin});
    stream.asked = begin;
  }
  return parts;
}

std::vector<ByteRange> ReadAhead::at_stride(ByteRange read) {
  const auto last = last_.value_or(read);
  const auto stride = static_cast<std::int64_t>(read.offset - last.offset);
  last_ = read;
  const bool same = stride != 0 && stride == stride_ && read.length == last.length;
  stride_ = stride;
  strides_ = same ? strides_ + 1 : 0;
  strides_ahead_ = same && strides_ahead_ > 0 ? strides_ahead_ - 1 : 0;
  if (strides_ < strides_to_believe || std::abs(stride) > longest_stride) return {};

  std::vector<ByteRange> parts;
  for (const auto most = std::min(strides_, most_strides_ahead); strides_ahead_ < most; ++strides_ahead_) {
    const auto offset = static_cast<std::int64_t>(read.offset) + stride * (strides_ahead_ + 1);
    if (offset < 0 || static_cast<std::uint64_t>(offset) >= file_size_) break;
    const auto from = static_cast<std::uint64_t>(offset);
    parts.push_back({from, std::min(read.length, file_size_ - from)});
  }
  return parts;
}

void ReadAhead::on_refused(ByteRange refused) {
  if (!asked_for_) {
    strides_ahead_ = 0;
    return;
  }
  auto& stream = streams_.at(*asked_for_);
  stream.window = std::max(shortest_window, stream.window / 2);
  // back only: another thread's read may have been the last one
  stream.asked =
      stream.run >= 0 ? std::min(stream.asked, refused.offset) : std::max(stream.asked, refused.end());
}

}  // namespace blobmount
