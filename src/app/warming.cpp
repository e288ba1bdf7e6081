#include "app/warming.hpp"

#include <algorithm>
#include <chrono>
#include <new>

#include "app/file_walk.hpp"
#include "base/thread.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;

constexpr int reader_threads = 4;

constexpr std::size_t read_at_once = 4U << 20U;
constexpr std::align_val_t alignment{4096};  // of O_DIRECT, on nearly all file systems

/// Of one file, in bytes: what waits for the disk before its reader waits too; and what has been read in vain
/// before it gives up.
constexpr std::uint64_t most_waiting = 16ULL << 20U;
constexpr std::uint64_t most_dropped = 64ULL << 20U;

constexpr auto poll_pause = 10ms;
/// Where nothing is completed: each look costs the mount some requests for each file.
constexpr auto longest_poll_pause = 80ms;
/// A page is handed to the disk a moment after its reader has it.
constexpr auto surely_idle = 300ms;
/// Times that one file is read: a disk that gives bad bytes, or files that evict each other, have no end.
constexpr int most_passes = 5;

constexpr std::size_t first_ones = 16;
constexpr auto watch_pause = 1s;

struct FreeAligned {
  void operator()(std::byte* bytes) const { ::operator delete[](bytes, alignment); }
};

Error not_kept(const WarmJob& job) {
  return {ErrorCode::no_space,
          "only " + bytes_text(static_cast<double>(job.cached)) + " of " +
              bytes_text(static_cast<double>(job.size)) +
              " stay in the cache: it is too small (--cache-size, --cache-free-space), or its disk fails, "
              "which the mount's log would say"};
}

const Error evicted{ErrorCode::no_space,
                    "it was complete, and has been evicted for what came after it: the cache is too small "
                    "for all of this (--cache-size, --cache-free-space)"};

}  // namespace

Warming::Warming(std::vector<std::string> paths) {
  begin("warm-walk", [this, paths = std::move(paths)] { walk(paths); });
  begin("warm-settle", [this] { settle_all(); });
  for (int i = 0; i < reader_threads; ++i) begin("warm-read/" + std::to_string(i), [this] { read_all(); });
}

Warming::~Warming() {
  queue_.stop();
  for (auto& thread : threads_) thread.join();
}

void Warming::begin(const std::string& name, std::function<void()> work) {
  ++running_;
  threads_.push_back(start_thread(name, [this, work = std::move(work)] {
    work();
    --running_;
  }));
}

Progress Warming::progress() const {
  return {.files_done = files_done_,
          .files_found = files_found_,
          .bytes_done = bytes_done_,
          .bytes_found = bytes_found_,
          .all_found = walked_};
}

std::uint64_t Warming::fetched() const {
  const std::uint64_t done = bytes_done_;
  return done - std::min<std::uint64_t>(done, already_cached_);
}

std::vector<WarmFailure> Warming::take_failures() {
  const MutexLock lock(mutex_);
  return std::exchange(failures_, {});
}

void Warming::walk(const std::vector<std::string>& paths) {
  const OnFound on_found{
      .file = [this](std::string path, std::uint64_t size) { return found(std::move(path), size); },
      .failed =
          [this](const std::string& path, const Error& error) {
            note_failure(path, error);
            return !queue_.stopped();
          }};
  for (const auto& path : paths) {
    if (!queue_.stopped()) walk_files(path, on_found);
  }
  walked_ = true;
  queue_.no_more();
}

bool Warming::found(std::string path, std::uint64_t size) {
  // here: by the time that it is opened, the mount may have fetched it ahead; whoever opens it says what else
  // fails
  const auto cached = PinnedFile::cached_of(path);
  if (!cached && cached.error().code == ErrorCode::unsupported) {
    note_failure(path, cached.error());
    return false;  // so it is with all that is below this PATH
  }

  ++files_found_;
  bytes_found_ += size;
  WarmJob job;
  job.path = std::move(path);
  job.size = size;
  if (cached) {
    already_cached_ += *cached;
    note_cached(job, *cached);
  }
  return queue_.add(std::move(job));
}

void Warming::read_all() {
  const std::unique_ptr<std::byte[], FreeAligned> buffer(new (alignment) std::byte[read_at_once]);
  while (auto next = next_opened()) {
    auto& job = next->job;
    if (const auto done = read_or_renew(job, std::move(next->file), buffer.get()); !done) {
      fail(job, done.error());
    } else {
      queue_.settle(std::move(job));
    }
  }
}

std::optional<Warming::Opened> Warming::next_opened() {
  const MutexLock lock(order_mutex_);
  auto job = queue_.next_to_read();
  if (!job) return std::nullopt;
  auto file = open(*job);
  return Opened{*std::move(job), std::move(file)};
}

Result<Warming::File> Warming::open(WarmJob& job) {
  if (!job.file) BM_TRY(look_at(job, PinnedFile::pin(job.path)));
  if (job.cached == job.size) return File{};
  BM_ASSIGN(file, job.file->open());
  return File(std::move(file));
}

Status Warming::read_or_renew(WarmJob& job, Result<File> file, std::byte* buffer) {
  auto done = file ? read(job, *file, buffer) : Status(std::move(file).error());
  if (done || done.error().code != ErrorCode::changed || job.renewed) return done;
  job.renewed = true;
  BM_TRY(look_at(job, PinnedFile::pin_latest(job.path)));
  BM_ASSIGN(latest, open(job));
  return read(job, latest, buffer);
}

Status Warming::look_at(WarmJob& job, Result<PinnedFile> file) {
  if (!file) return std::move(file).error();
  job.file = std::make_unique<PinnedFile>(*std::move(file));
  bytes_found_ += job.file->size() - job.size;
  job.size = job.file->size();
  BM_ASSIGN(cached, job.file->cached());
  note_cached(job, cached);
  return {};
}

Status Warming::read(WarmJob& job, const File& file, std::byte* buffer) {
  if (!file) return {};
  for (std::uint64_t offset = 0; offset < job.size;) {
    BM_ASSIGN(count, read_at(*file, offset, buffer, read_at_once));
    if (count == 0) return Error{ErrorCode::changed, "it is shorter than it was"};
    offset += count;
    BM_ASSIGN(goes_on, keep_pace(job, offset));
    if (!goes_on) break;
  }
  return {};
}

Result<bool> Warming::keep_pace(WarmJob& job, std::uint64_t offset) {
  if (job.size <= read_at_once) return true;
  while (!queue_.stopped()) {
    // in this order: what is written meanwhile counts twice, and not as dropped
    BM_ASSIGN(unwritten, job.file->unwritten());
    BM_ASSIGN(cached, job.file->cached());
    note_cached(job, cached);
    if (offset > cached + unwritten + most_dropped) return false;
    if (unwritten <= most_waiting) return true;
    std::this_thread::sleep_for(poll_pause);
  }
  return false;
}

void Warming::settle_all() {
  auto last_watch = std::chrono::steady_clock::now();
  auto pause = poll_pause;
  for (auto jobs = queue_.next_to_settle(); !jobs.empty(); jobs = queue_.next_to_settle()) {
    const auto done_before = files_done_.load();
    for (auto& job : jobs) settle(std::move(job));
    const auto now = std::chrono::steady_clock::now();
    if (now - last_watch >= watch_pause) {
      watch_for_eviction();
      last_watch = now;
    }
    if (files_done_ != done_before) {
      pause = poll_pause;
    } else {
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, longest_poll_pause);
    }
  }
  watch_for_eviction();
}

void Warming::settle(WarmJob job) {
  const auto state = state_of(job);
  if (!state) return fail(job, state.error());
  switch (*state) {
    case State::unsettled:
      return queue_.settle(std::move(job));
    case State::dropped:
      return read_again(std::move(job));
    case State::complete:
      return complete(std::move(job));
  }
}

Result<Warming::State> Warming::state_of(WarmJob& job) {
  if (job.size == 0) return State::complete;
  BM_ASSIGN(checked, job.file->checked());
  BM_ASSIGN(cached, checked ? job.size : job.file->cached());
  note_cached(job, cached);
  if (checked) return State::complete;
  if (cached == job.size) return State::unsettled;
  BM_ASSIGN(unwritten, job.file->unwritten());
  const auto now = std::chrono::steady_clock::now();
  if (unwritten > 0) {
    job.idle_since.reset();
  } else if (!job.idle_since) {
    job.idle_since = now;
  }
  return job.idle_since && now - *job.idle_since >= surely_idle ? State::dropped : State::unsettled;
}

void Warming::read_again(WarmJob job) {
  job.idle_since.reset();
  if (++job.passes >= most_passes) return fail(job, not_kept(job));
  queue_.read_again(std::move(job));
}

void Warming::complete(WarmJob job) {
  ++files_done_;
  if (first_.size() < first_ones && job.size > 0)
    first_.push_back({std::move(job.path), std::move(job.file)});
  queue_.finished();
}

void Warming::watch_for_eviction() {
  for (const auto& [path, file] : first_) {
    const auto cached = file->cached();
    if (!cached || *cached == file->size()) continue;
    if (queue_.stop()) note_failure(path, evicted);
    return;
  }
}

void Warming::fail(const WarmJob& job, const Error& error) {
  note_failure(job.path, error);
  queue_.finished();
}

void Warming::note_failure(const std::string& path, const Error& error) {
  const MutexLock lock(mutex_);
  failures_.push_back({path, error.message});
}

void Warming::note_cached(WarmJob& job, std::uint64_t bytes) {
  bytes_done_ += bytes - job.cached;
  job.cached = bytes;
}

}  // namespace blobmount
