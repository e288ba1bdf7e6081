#include "cache/memory_files.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/descriptor_limit.hpp"
#include "cache/system_files.hpp"

namespace blobmount {
namespace {

/// Copied at once, so that nobody's memory is held for long.
constexpr std::uint64_t piece_size = 1ULL << 20U;

/// Who opens one of the others asks again.
constexpr std::size_t most_waiting = 256;

/// A file takes whole pages of the kernel, and about this much beside them.
std::uint64_t space_of(std::uint64_t size) {
  static const auto kernel_page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  constexpr std::uint64_t inode = 2048;
  return (size + kernel_page - 1) / kernel_page * kernel_page + inode;
}

/// Versions of which it is remembered when they were asked for, at some 32 bytes each.
constexpr std::size_t most_asked = 16384;

bool is_unused(const std::shared_ptr<const int>& file) { return file.use_count() == 1; }

bool begins_and_ends_here(const MemoryTier::Reader& reader) {
  return reader.presence({0, 1}) == Presence::here &&
         reader.presence({reader.size() - 1, 1}) == Presence::here;
}

/// Nothing where some of it is not in memory.
std::optional<Bytes> read_if_here(MemoryTier::Reader& reader, ByteRange range) {
  if (reader.presence(range) != Presence::here) return std::nullopt;
  constexpr ReadId id = 1;
  const auto answer = std::make_shared<std::promise<Result<Bytes>>>();
  auto bytes = answer->get_future();
  reader.read(
      range, {}, [answer](Result<Bytes> read) { answer->set_value(std::move(read)); }, id);
  // evicted just now: it is not worth a download
  reader.give_up(range, id);
  if (bytes.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return std::nullopt;
  auto read = bytes.get();
  return read ? std::optional(*std::move(read)) : std::nullopt;
}

Status append(int file, const Bytes::Piece& piece) {
  for (std::size_t done = 0; done < piece.size;) {
    const auto count = ::write(file, piece.data.get() + done, piece.size - done);
    if (count < 0) return system_error("write to memory");
    done += static_cast<std::size_t>(count);
  }
  return {};
}

/// With all that `reader` reads, never to be changed again.
Result<Descriptor> copied(MemoryTier::Reader& reader, const std::atomic<bool>& stopped) {
  Descriptor file(::memfd_create("blobmount", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return system_error("make a file in memory");
  for (std::uint64_t offset = 0; offset < reader.size(); offset += piece_size) {
    const auto bytes =
        stopped ? std::nullopt : read_if_here(reader, {offset, std::min(piece_size, reader.size() - offset)});
    if (!bytes) return Error{ErrorCode::cancelled, "it is no longer whole in memory"};
    for (const auto& piece : bytes->pieces) BM_TRY(append(file.number(), piece));
  }
  if (::fcntl(file.number(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
    return system_error("seal a file in memory");
  return file;
}

std::shared_ptr<const int> shared(Descriptor file) {
  struct Owner {
    Descriptor file;
    int number;
  };
  const auto number = file.number();
  const auto owner = std::make_shared<const Owner>(Owner{std::move(file), number});
  return {owner, &owner->number};
}

}  // namespace

MemoryFiles::MemoryFiles(MemoryTier& memory, Log& log)
    : memory_(memory),
      log_(log),
      most_(memory.budget().total() / 4),
      most_files_(descriptor_limit() / 2),
      charge_(memory.budget(), 0, MemoryPurpose::local_files) {}

std::optional<LocalFile> MemoryFiles::local_file(const BlobVersion& version) {
  if (version.size == 0) return std::nullopt;
  auto key = key_of(version);
  std::uint64_t asked_before = 0;
  {
    const MutexLock lock(mutex_);
    ++turn_;
    if (const auto place = places_.find(key); place != places_.end()) {
      auto& copy = *place->second;
      copies_.splice(copies_.end(), copies_, place->second);
      copy.used = turn_;
      return LocalFile{.descriptor = copy.file, .use = copy.file};
    }
    if (!may_copy(key, space_of(version.size))) return std::nullopt;
    asked_before = note_asked(key);
  }

  const auto shared_version = std::make_shared<const BlobVersion>(version);
  // of a large one, not each page while somebody waits
  if (!begins_and_ends_here(*memory_.open(shared_version))) return std::nullopt;
  {
    const MutexLock lock(mutex_);
    if (places_.count(key) != 0 || !waiting_.insert(std::move(key)).second) return std::nullopt;
  }
  thread_.submit([this, shared_version, asked_before] { copy(shared_version, asked_before); });
  return std::nullopt;
}

std::uint64_t MemoryFiles::clear() {
  Copies evicted;  // what they took is freed without the lock
  const MutexLock lock(mutex_);
  const auto before = charge_.bytes();
  for (auto copy = copies_.begin(); copy != copies_.end();) {
    const auto here = copy++;
    if (is_unused(here->file)) evict(here, evicted);
  }
  return before - charge_.bytes();
}

std::uint64_t MemoryFiles::bytes() const {
  const MutexLock lock(mutex_);
  return charge_.bytes();
}

void MemoryFiles::stop() {
  stopped_ = true;
  thread_.stop();
}

bool MemoryFiles::may_copy(const std::string& key, std::uint64_t space) const {
  return !stopped_ && space <= most_ && waiting_.size() < most_waiting && waiting_.count(key) == 0;
}

std::uint64_t MemoryFiles::note_asked(const std::string& key) {
  if (asked_.size() >= most_asked) asked_.clear();
  return std::exchange(asked_[std::hash<std::string>{}(key)], turn_);
}

void MemoryFiles::copy(const SharedVersion& version, std::uint64_t asked_before) {
  const auto reader = memory_.open(version);
  const auto space = space_of(version->size);
  const bool whole = !stopped_ && reader->presence({0, version->size}) == Presence::here;
  Copies evicted;  // what they took is freed without the lock
  if (!whole || !take(space, asked_before, evicted)) return done_with(*version);

  auto file = copied(*reader, stopped_);
  if (!file) log_.debug("a file is not copied in memory", {{"reason", file.error().message}});
  const MutexLock lock(mutex_);
  if (file) {
    places_[key_of(*version)] =
        copies_.insert(copies_.end(), {key_of(*version), shared(*std::move(file)), space, turn_});
  } else {
    charge_.resize(charge_.bytes() - space);
  }
  waiting_.erase(key_of(*version));
}

void MemoryFiles::done_with(const BlobVersion& version) {
  const MutexLock lock(mutex_);
  waiting_.erase(key_of(version));
}

bool MemoryFiles::take(std::uint64_t space, std::uint64_t asked_before, Copies& evicted) {
  const MutexLock lock(mutex_);
  auto next = copies_.begin();
  while (charge_.bytes() + space > most_ || copies_.size() >= most_files_) {
    next = std::find_if(next, copies_.end(), [](const Copy& copy) { return is_unused(copy.file); });
    if (next == copies_.end() || next->used >= asked_before) return false;
    evict(next++, evicted);
  }
  charge_.resize(charge_.bytes() + space);
  return true;
}

void MemoryFiles::evict(Copies::iterator unused, Copies& evicted) {
  charge_.resize(charge_.bytes() - unused->space);
  places_.erase(unused->key);
  evicted.splice(evicted.end(), copies_, unused);
}

}  // namespace blobmount
