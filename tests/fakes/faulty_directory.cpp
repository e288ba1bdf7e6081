#include "fakes/faulty_directory.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

namespace blobmount::tests {
namespace {

using Verdict = DiskFaults::Verdict;

Error failure(ErrorCode code) { return {code, "the disk fails to order"}; }

/// Do `change` unless the order is another.
Status obey(DiskFaults& faults, const std::function<Status()>& change) {
  const auto order = faults.next_change();
  if (order.verdict == Verdict::pass) return change();
  if (order.verdict == Verdict::fail) return failure(order.code);
  return {};
}

/// What is made after a crash: nobody will find it.
class LostFile final : public File {
 public:
  Result<std::size_t> read(std::uint64_t, std::span<std::byte>) override { return std::size_t{0}; }
  Status write(std::uint64_t, std::span<const Piece>) override { return {}; }
  Status resize(std::uint64_t) override { return {}; }
  Status touch() override { return {}; }
  Result<FileStamp> stamp() override { return FileStamp{}; }
  [[nodiscard]] int descriptor() const override { return -1; }
};

std::vector<std::byte> first_half(std::span<const Piece> pieces) {
  std::vector<std::byte> bytes;
  for (const auto piece : pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
  bytes.resize(bytes.size() / 2);
  return bytes;
}

class FaultyFile final : public File {
 public:
  FaultyFile(std::unique_ptr<File> below, DiskFaults& faults) : below_(std::move(below)), faults_(faults) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> bytes) override {
    BM_TRY(faults_.next_read());
    return below_->read(offset, bytes);
  }

  Status write(std::uint64_t offset, std::span<const Piece> pieces) override {
    const auto order = faults_.next_change();
    if (order.verdict == Verdict::pass) return below_->write(offset, pieces);
    if (order.verdict == Verdict::lose) return {};

    const auto half = first_half(pieces);
    BM_TRY(below_->write(offset, std::vector{Piece(half)}));
    if (order.verdict == Verdict::fail) return failure(order.code);
    return {};
  }

  Status resize(std::uint64_t size) override {
    return obey(faults_, [&] { return below_->resize(size); });
  }

  Status touch() override {
    return obey(faults_, [&] { return below_->touch(); });
  }

  Result<FileStamp> stamp() override {
    BM_TRY(faults_.next_read());
    return below_->stamp();
  }

  [[nodiscard]] int descriptor() const override { return below_->descriptor(); }

 private:
  const std::unique_ptr<File> below_;
  DiskFaults& faults_;
};

class FaultyDirectory final : public CacheDirectory {
 public:
  FaultyDirectory(std::unique_ptr<CacheDirectory> below, DiskFaults& faults)
      : below_(std::move(below)), faults_(faults) {}

  Result<std::unique_ptr<File>> open(const std::string& name) override {
    BM_TRY(faults_.next_read());
    return faulty(below_->open(name));
  }

  Result<std::unique_ptr<File>> create(const std::string& name) override {
    const auto order = faults_.next_change();
    if (order.verdict == Verdict::pass) return faulty(below_->create(name));
    if (order.verdict == Verdict::fail) return failure(order.code);
    return std::make_unique<LostFile>();
  }

  Status remove(const std::string& name) override {
    const auto order = faults_.next_change();
    const bool full = order.verdict == Verdict::fail && order.code == ErrorCode::no_space;
    if (order.verdict == Verdict::pass || full) return below_->remove(name);
    if (order.verdict == Verdict::fail) return failure(order.code);
    return {};
  }

  Status list(std::string_view suffix, const std::function<void(const FoundFile&)>& found) override {
    return below_->list(suffix, found);
  }
  Result<std::uint64_t> free_space() override { return below_->free_space(); }

 private:
  Result<std::unique_ptr<File>> faulty(Result<std::unique_ptr<File>> file) {
    if (!file) return file;
    return std::make_unique<FaultyFile>(*std::move(file), faults_);
  }

  const std::unique_ptr<CacheDirectory> below_;
  DiskFaults& faults_;
};

}  // namespace

void DiskFaults::fail_writes(std::optional<ErrorCode> code) {
  const MutexLock lock(mutex_);
  write_error_ = code;
}

void DiskFaults::fail_reads(std::optional<ErrorCode> code) {
  const MutexLock lock(mutex_);
  read_error_ = code;
}

void DiskFaults::crash_after(std::size_t count, bool torn) {
  const MutexLock lock(mutex_);
  crash_at_ = changes_ + count;
  torn_ = torn;
}

void DiskFaults::hold_writes() {
  const MutexLock lock(mutex_);
  held_ = true;
}

void DiskFaults::release() {
  const MutexLock lock(mutex_);
  held_ = false;
  released_.notify_all();
}

std::size_t DiskFaults::waiting() const {
  const MutexLock lock(mutex_);
  return waiting_;
}

std::size_t DiskFaults::changes() const {
  const MutexLock lock(mutex_);
  return changes_;
}

DiskFaults::Order DiskFaults::next_change() {
  MutexLock lock(mutex_);
  ++waiting_;
  while (held_) released_.wait(lock.native());
  --waiting_;
  const auto number = changes_++;
  if (crash_at_ && number >= *crash_at_) {
    return {.verdict = number == *crash_at_ && torn_ ? Verdict::half : Verdict::lose};
  }
  if (write_error_) return {.verdict = Verdict::fail, .code = *write_error_};
  return {};
}

Status DiskFaults::next_read() const {
  const MutexLock lock(mutex_);
  if (read_error_) return failure(*read_error_);
  return {};
}

std::unique_ptr<CacheDirectory> faulty_directory(std::unique_ptr<CacheDirectory> below, DiskFaults& faults) {
  return std::make_unique<FaultyDirectory>(std::move(below), faults);
}

}  // namespace blobmount::tests
