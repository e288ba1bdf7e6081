#pragma once

/// An open file: reads one version through the memory tier, and has it fetch ahead.

#include <atomic>
#include <functional>
#include <memory>

#include "blobmount/file_system.hpp"

#include "base/annotated_mutex.hpp"
#include "cache/memory_tier.hpp"
#include "file/busiest_files.hpp"
#include "file/read_ahead.hpp"

namespace blobmount {

class FileReader final : public OpenFile {
 public:
  /// `on_gone` runs, before the read's completion, when a read shows
  /// that the service no longer has the version: overwritten, or deleted. `local_files` outlives it; null:
  /// there are none. `busiest` hears how much is read of it; null: nobody does.
  FileReader(std::unique_ptr<MemoryTier::Reader> reader, SharedVersion version, LocalFiles* local_files,
             std::function<void()> on_gone, std::shared_ptr<BusiestFiles> busiest = nullptr);
  ~FileReader() override { tell_busiest(); }
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  void read(std::uint64_t offset, std::size_t size, Completion<Bytes> done, ReadId id = 0) override
      BM_EXCLUDES(mutex_);
  void give_up(std::uint64_t offset, std::size_t size, ReadId id) override;
  std::optional<LocalFile> local_file() override;

 private:
  [[nodiscard]] ByteRange within(std::uint64_t offset, std::size_t size) const;
  void count(std::uint64_t bytes);
  void tell_busiest();
  [[nodiscard]] std::vector<ByteRange> ahead_of(ByteRange range) BM_EXCLUDES(mutex_);

  const SharedVersion version_;
  const std::uint64_t size_;
  LocalFiles* const local_files_;
  const std::function<void()> on_gone_;
  const std::unique_ptr<MemoryTier::Reader> reader_;

  const std::shared_ptr<BusiestFiles> busiest_;
  std::atomic<std::uint64_t> untold_{0};  ///< bytes read that `busiest_` has not heard of

  Mutex mutex_;
  ReadAhead read_ahead_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount
