#pragma once

/// Files as the disk tier needs them, so that tests can have a disk that is slow, full or broken.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

using Piece = std::span<const std::byte>;

/// Is another when the file has been changed.
using FileStamp = std::uint64_t;

/// An open file. Stays usable when its name is removed. Its calls block, and are safe on any thread.
class File {
 public:
  virtual ~File() = default;
  /// Fill `bytes` from `offset`; how many there were: fewer only at the end of the file.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> bytes) = 0;
  /// Write `pieces`, one behind the other, from `offset`. After an Error any part of them may be there.
  virtual Status write(std::uint64_t offset, std::span<const Piece> pieces) = 0;
  /// What is added reads as zeros, and takes no space.
  virtual Status resize(std::uint64_t size) = 0;
  /// Set the time of its last change to now.
  virtual Status touch() = 0;
  virtual Result<FileStamp> stamp() = 0;
  /// Of the system, for the kernel to read it by; it is the file's. -1: it has none.
  [[nodiscard]] virtual int descriptor() const = 0;
};

struct FoundFile {
  std::string name{};
  std::uint64_t allocated = 0;  ///< bytes that it takes on the disk
  WallTime modified{};
};

/// A directory of files. Its calls block, and are safe on any thread. Errors: not_found, no_space, or
/// whatever else the system said.
class CacheDirectory {
 public:
  virtual ~CacheDirectory() = default;
  /// Open a file that exists, to read and to write it; on a read-only file system writes fail.
  virtual Result<std::unique_ptr<File>> open(const std::string& name) = 0;
  /// Make an empty file, 0600; there is none of that name.
  virtual Result<std::unique_ptr<File>> create(const std::string& name) = 0;
  /// That there is no such file is success.
  virtual Status remove(const std::string& name) = 0;
  /// Tell `found` of each regular file whose name ends with `suffix`, in no order; it may remove files. Those
  /// before an Error were told.
  virtual Status list(std::string_view suffix, const std::function<void(const FoundFile&)>& found) = 0;
  /// Bytes that may still be written to this file system.
  virtual Result<std::uint64_t> free_space() = 0;
};

}  // namespace blobmount
