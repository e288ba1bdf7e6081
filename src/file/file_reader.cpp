#include "file/file_reader.hpp"

#include <algorithm>
#include <utility>

namespace blobmount {

namespace {

/// A blob up to this size comes whole with its first read: a request costs more than its bytes.
constexpr std::uint64_t small = 1ULL << 20U;

/// Bytes read of a file: to tell of each read would take a lock that all readers share.
constexpr std::uint64_t worth_telling = 4ULL << 20U;

bool is_gone(ErrorCode code) { return code == ErrorCode::changed || code == ErrorCode::not_found; }

}  // namespace

FileReader::FileReader(std::unique_ptr<MemoryTier::Reader> reader, SharedVersion version,
                       LocalFiles* local_files, std::function<void()> on_gone,
                       std::shared_ptr<BusiestFiles> busiest)
    : version_(std::move(version)),
      size_(reader->size()),
      local_files_(local_files),
      on_gone_(std::move(on_gone)),
      reader_(std::move(reader)),
      busiest_(std::move(busiest)),
      read_ahead_(size_, reader_->longest_window()) {}

ByteRange FileReader::within(std::uint64_t offset, std::size_t size) const {
  return {offset, std::min<std::uint64_t>(size, size_ - std::min(offset, size_))};
}

void FileReader::read(std::uint64_t offset, std::size_t size, Completion<Bytes> done, ReadId id) {
  const auto range = within(offset, size);
  if (range.length == 0) return done(Bytes{});
  count(range.length);
  auto answer = [on_gone = on_gone_, done = std::move(done)](Result<Bytes> bytes) {
    if (!bytes && is_gone(bytes.error().code)) on_gone();
    done(std::move(bytes));
  };
  const auto refused = reader_->read(range, ahead_of(range), std::move(answer), id);
  if (!refused) return;
  const MutexLock lock(mutex_);
  read_ahead_.on_refused(*refused);
}

std::optional<LocalFile> FileReader::local_file() {
  return local_files_ == nullptr ? std::nullopt : local_files_->local_file(*version_);
}

void FileReader::give_up(std::uint64_t offset, std::size_t size, ReadId id) {
  const auto range = within(offset, size);
  if (range.length > 0) reader_->give_up(range, id);
}

void FileReader::count(std::uint64_t bytes) {
  if (!busiest_) return;
  if (untold_.fetch_add(bytes, std::memory_order_relaxed) + bytes >= worth_telling) tell_busiest();
}

void FileReader::tell_busiest() {
  if (!busiest_) return;
  const auto bytes = untold_.exchange(0, std::memory_order_relaxed);
  if (bytes > 0)
    busiest_->add(version_->container + '/' + version_->blob, bytes, std::chrono::steady_clock::now());
}

std::vector<ByteRange> FileReader::ahead_of(ByteRange range) {
  const auto presence = reader_->presence(range);
  if (size_ <= small) return {{0, size_}};
  const MutexLock lock(mutex_);
  return read_ahead_.on_read(range, presence == Presence::here);
}

}  // namespace blobmount
