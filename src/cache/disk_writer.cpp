#include "cache/disk_writer.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/thread.hpp"

namespace blobmount {
namespace {

/// Pages that are written at once: 1 MiB is as fast as more, and soon over.
constexpr std::size_t most_at_once = 16;

/// Pages in line, those that are only remembered included, are at most as many times those that are held, and
/// no more than so many: at 130 bytes each, and with as many being written, 8 MiB that no budget counts.
constexpr std::uint64_t most_times_held = 64;
constexpr std::uint64_t most_in_line = 32768;

/// What an unmount may take, and hold the directory against the next mount.
constexpr Duration longest_farewell = std::chrono::seconds{5};

/// What a version costs beside its pages, at most: its side file's header.
constexpr std::uint64_t new_version = 8192;

}  // namespace

DiskWriter::DiskWriter(DiskStore& store, const DiskLimits& limits, OnComplete on_complete, Clock& clock,
                       Log& log)
    : store_(store),
      on_complete_(std::move(on_complete)),
      clock_(clock),
      log_(log),
      most_waiting_(limits.waiting / page_size),
      most_in_line_(std::clamp<std::uint64_t>(most_times_held * most_waiting_, 1, most_in_line)),
      space_(store, limits),
      thread_(start_thread("disk-writer", [this] { run(); })) {}

void DiskWriter::keep(const SharedIdentity& identity, std::uint64_t page, PageBuffer buffer) {
  {
    const MutexLock lock(mutex_);
    if (given_up_at_ || waiting_.size() >= most_in_line_) {
      ++dropped_;
      return;
    }
    if (held_ < most_waiting_) {
      waiting_.push_back({.identity = identity, .number = page, .buffer = std::move(buffer)});
      ++held_;
    } else {
      waiting_.push_back({.identity = identity, .number = page, .remembered = buffer, .counted = false});
    }
    ++in_line_[identity->name];
  }
  work_.notify_one();
}

bool DiskWriter::is_busy() const {
  const MutexLock lock(mutex_);
  return 2 * held_ >= most_waiting_ || pause_.holds(clock_.now());
}

std::uint64_t DiskWriter::in_line(DiskName name) const {
  const MutexLock lock(mutex_);
  const auto found = in_line_.find(name);
  return found != in_line_.end() ? found->second : 0;
}

void DiskWriter::stop() {
  {
    const MutexLock lock(mutex_);
    if (!given_up_at_) given_up_at_ = clock_.now() + longest_farewell;
  }
  work_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void DiskWriter::run() {
  // the limits may be narrower than they were at the last mount; a failure comes back with the first page
  (void)space_.make_room(0, nullptr);
  for (auto work = take(); !work.pages.empty() || !work.chores.empty(); work = take()) {
    for (const auto& chore : work.chores) chore();
    write_all(std::move(work.pages));
  }
}

void DiskWriter::run_soon(std::function<void()> chore) {
  {
    const MutexLock lock(mutex_);
    chores_.push_back(std::move(chore));
  }
  work_.notify_one();
}

void DiskWriter::set_limits(std::uint64_t size, std::uint64_t free_space) {
  space_.set_limits(size, free_space);
  run_soon([this] { (void)space_.make_room(0, nullptr); });
}

DiskWriter::Work DiskWriter::take() {
  MutexLock lock(mutex_);
  while (waiting_.empty() && chores_.empty() && !given_up_at_) work_.wait(lock.native());
  return {.pages = std::exchange(waiting_, {}), .chores = std::exchange(chores_, {})};
}

void DiskWriter::done_with(std::span<Page> pages) {
  for (auto& page : pages) page.buffer.reset();
  const auto counted = std::ranges::count(pages, true, &Page::counted);
  const MutexLock lock(mutex_);
  held_ -= static_cast<std::uint64_t>(counted);
  const auto line = in_line_.find(pages.front().identity->name);
  if ((line->second -= pages.size()) == 0) in_line_.erase(line);
}

void DiskWriter::write_all(std::vector<Page> pages) {
  // streams come mixed
  std::ranges::sort(pages, {}, [](const Page& page) {
    return std::tuple(page.identity->name, page.number, !page.counted);
  });
  pages = still_missing(std::move(pages));
  for (std::span<Page> left(pages); !left.empty();) {
    const auto neighbours = left.first(is_given_up(left.front()) ? 0 : hold_neighbours(left));
    if (neighbours.empty()) {
      ++dropped_;
      done_with(left.first(1));
      left = left.subspan(1);
      continue;
    }
    write_or_drop(neighbours);
    done_with(neighbours);
    left = left.subspan(neighbours.size());
  }
}

std::vector<DiskWriter::Page> DiskWriter::still_missing(std::vector<Page> pages) {
  std::vector<Page> missing;
  for (auto& page : pages) {
    const bool twice = !missing.empty() && missing.back().number == page.number &&
                       *missing.back().identity == *page.identity;
    if (twice || store_.index().has(*page.identity, {page.number, 1})) {
      done_with({&page, 1});
    } else {
      missing.push_back(std::move(page));
    }
  }
  return missing;
}

bool DiskWriter::is_given_up(const Page& page) {
  const MutexLock lock(mutex_);
  if (!given_up_at_) return false;
  // what is only remembered may be all that is in memory
  return !page.counted || clock_.now() >= *given_up_at_;
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
  if (is_paused()) {
    dropped_ += neighbours.size();
    return;
  }

  const auto written = write(neighbours);
  if (!written) {
    failed(written.error(), *neighbours.front().identity);
  } else if (*written && end_pause()) {
    log_.info("disk cache is written again");
  }
  if (!written || !*written) dropped_ += neighbours.size();
}

bool DiskWriter::is_paused() const {
  const MutexLock lock(mutex_);
  return pause_.holds(clock_.now());
}

bool DiskWriter::end_pause() {
  const MutexLock lock(mutex_);
  return pause_.succeeded();
}

bool DiskWriter::begin_pause() {
  const MutexLock lock(mutex_);
  return pause_.failed(clock_.now());
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
  const auto written = target.file->write(pages.first, buffers);
  if (!written) {
    store_.index().let_go(target.entry);  // a disk that was read-only may not be so at the next time
    return written.error();
  }
  store_.index().wrote(target.entry, identity, pages);
  if (store_.index().complete(identity)) on_complete_(neighbours.front().identity);
  return true;
}

void DiskWriter::failed(const Error& error, const DiskIdentity& identity) {
  if (error.code == ErrorCode::too_large) return;  // the blob's fault, not the disk's
  if (error.code == ErrorCode::no_space) {
    // smaller than the limits say: what can be evicted makes it large enough for the next pages
    const auto freed = space_.evict_one(store_.index().find(identity.name));
    if (freed && *freed) return;
  }
  if (begin_pause()) log_.warning("disk cache is not written", {{"reason", error.message}});
}

}  // namespace blobmount
