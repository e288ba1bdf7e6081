#pragma once

/// A file of a mount, held without being open. As its inode stands for one version of a blob (docs/adr/0002),
/// all that is said of it is about that version, whatever becomes of its name.

#include <cstdint>
#include <string>

#include <sys/types.h>

#include "blobmount/result.hpp"

#include "cache/system_files.hpp"

namespace blobmount {

/// Safe to use from any thread. Errors have a sentence for the user; `changed`: that version can no longer be
/// read; `unsupported`: the mount keeps nothing on disk.
class PinnedFile {
 public:
  /// The version that `path` shows.
  static Result<PinnedFile> pin(const std::string& path);
  /// The latest one: the mount asks the service, where what it knows is old.
  static Result<PinnedFile> pin_latest(const std::string& path);

  /// cached() of the file that `path` shows, without holding it.
  static Result<std::uint64_t> cached_of(const std::string& path);

  [[nodiscard]] std::uint64_t size() const { return size_; }  ///< bytes
  /// Bytes of it that are in the cache on disk, and that wait to be written there.
  [[nodiscard]] Result<std::uint64_t> cached() const;
  [[nodiscard]] Result<std::uint64_t> unwritten() const;
  /// Whether all of it has been checked there, so that the kernel may read it by itself. If not, it is, soon.
  [[nodiscard]] Result<bool> checked() const;
  /// Open it, past the page cache where that is possible. Asks the service as open(2) does.
  [[nodiscard]] Result<Descriptor> open() const;

 private:
  PinnedFile(Descriptor descriptor, std::uint64_t size) : descriptor_(std::move(descriptor)), size_(size) {}

  static Result<PinnedFile> from(Descriptor descriptor);
  [[nodiscard]] std::string path() const;

  Descriptor descriptor_;
  std::uint64_t size_;
};

/// Up to `size` bytes from `offset`, read into `buffer`; 0: there are no more.
Result<std::uint64_t> read_at(const Descriptor& file, std::uint64_t offset, void* buffer, std::size_t size);

/// What a system call on a mount failed with, `number` of errno, in words for the user.
Error mount_error(int number);

}  // namespace blobmount
