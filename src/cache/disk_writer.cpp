#include "cache/disk_writer.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/thread.hpp"

namespace blobmount {
namespace {

/// Pages that are written at once: 1 MiB is as fast as more, and soon over.
constexpr std::size_t most_at_once = 16;

/// Times as many pages as are held are remembered at most: some 50 bytes each.
constexpr std::size_t most_remembered = 64;

/// What a version costs beside its pages, at most: its side file's header.
constexpr std::uint64_t new_version = 8192;

}  // namespace

DiskWriter::DiskWriter(DiskStore& store, const DiskLimits& limits, Clock& clock, Log& log)
    : store_(store),
      clock_(clock),
      log_(log),
      most_waiting_(limits.waiting / page_size),
      space_(store, limits),
      thread_(start_thread("disk-writer", [this] { run(); })) {}

void DiskWriter::keep(const SharedIdentity& identity, std::uint64_t page, PageBuffer buffer) {
  {
    const MutexLock lock(mutex_);
    if (ending_ || waiting_.size() >= most_remembered * std::max<std::uint64_t>(most_waiting_, 1)) {
      ++dropped_;
      return;
    }
    if (held_ < most_waiting_) {
      waiting_.push_back({.identity = identity, .number = page, .buffer = std::move(buffer)});
      ++held_;
    } else {
      waiting_.push_back({.identity = identity, .number = page, .remembered = buffer, .counted = false});
    }
  }
  work_.notify_one();
}

void DiskWriter::stop() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  work_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void DiskWriter::run() {
  // the limits may be narrower than they were at the last mount; a failure comes back with the first page
  (void)space_.make_room(0, nullptr);
  for (auto pages = take(); !pages.empty(); pages = take()) write_all(std::move(pages));
}

std::vector<DiskWriter::Page> DiskWriter::take() {
  MutexLock lock(mutex_);
  while (waiting_.empty() && !ending_) work_.wait(lock.native());
  return std::exchange(waiting_, {});
}

void DiskWriter::done_with(std::span<Page> pages) {
  for (auto& page : pages) page.buffer.reset();
  const auto counted = std::ranges::count(pages, true, &Page::counted);
  const MutexLock lock(mutex_);
  held_ -= static_cast<std::uint64_t>(counted);
}

void DiskWriter::write_all(std::vector<Page> pages) {
  // streams come mixed
  std::ranges::sort(pages, {}, [](const Page& page) { return std::tuple(page.identity->name, page.number); });
  for (std::span<Page> left(pages); !left.empty();) {
    const auto neighbours = left.first(hold_neighbours(left));
    if (neighbours.empty()) {
      ++dropped_;
      left = left.subspan(1);
      continue;
    }
    write_or_drop(neighbours);
    done_with(neighbours);
    left = left.subspan(neighbours.size());
  }
}

std::size_t DiskWriter::hold_neighbours(std::span<Page> pages) {
  const auto longest = std::min(pages.size(), most_at_once);
  std::size_t count = 0;
  while (count < longest && pages[count].number == pages[0].number + count &&
         *pages[count].identity == *pages[0].identity && pages[count].hold()) {
    ++count;
  }
  return count;
}

void DiskWriter::write_or_drop(std::span<const Page> neighbours) {
  if (pause_.holds(clock_.now())) {
    dropped_ += neighbours.size();
    return;
  }

  const auto written = write(neighbours);
  if (!written || !*written) dropped_ += neighbours.size();
  if (!written) return failed(written.error(), *neighbours.front().identity);
  if (*written && pause_.succeeded()) log_.info("disk cache is written again");
}

Result<bool> DiskWriter::write(std::span<const Page> neighbours) {
  const auto& identity = *neighbours.front().identity;
  const PageRange pages{neighbours.front().number, neighbours.size()};
  const auto bytes = neighbours.size() * (page_size + sizeof(PageRecord)) + new_version;
  BM_ASSIGN(room, space_.make_room(bytes, store_.index().find(identity.name)));
  if (!room) return false;

  std::vector<PageBuffer> buffers;
  for (const auto& page : neighbours) buffers.push_back(page.buffer);
  BM_ASSIGN(target, store_.writable(identity));
  BM_TRY(target.file->write(pages.first, buffers));
  store_.index().wrote(target.entry, pages);
  return true;
}

void DiskWriter::failed(const Error& error, const DiskIdentity& identity) {
  if (error.code == ErrorCode::too_large) return;  // the blob's fault, not the disk's
  if (error.code == ErrorCode::no_space) {
    // smaller than the limits say: what can be evicted makes it large enough for the next pages
    const auto freed = space_.evict_one(store_.index().find(identity.name));
    if (freed && *freed) return;
  }
  if (pause_.failed(clock_.now())) {
    log_.warning("disk cache is not written", {{"reason", error.message}});
  }
}

}  // namespace blobmount
