#pragma once

/// The two files of one version: its bytes, sparse, and the side file that says which of them count. The
/// format is disk_format's.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "blobmount/byte_source.hpp"
#include "blobmount/result.hpp"

#include "cache/disk_format.hpp"
#include "cache/disk_page_set.hpp"
#include "cache/files.hpp"

namespace blobmount {

/// Blocks for the disk. Reads are safe on any thread, beside one that writes other pages.
class DiskFile {
 public:
  /// not_found or corrupt if there are no files of that version which could be used.
  static Result<std::shared_ptr<DiskFile>> open(CacheDirectory& directory, const DiskIdentity& identity);
  /// Whose the files of that name are. not_found or corrupt, as above.
  static Result<DiskIdentity> identity_of(CacheDirectory& directory, DiskName name);
  /// Without pages; in the place of the files that have the version's name, if there are any.
  static Result<std::shared_ptr<DiskFile>> create(CacheDirectory& directory, const DiskIdentity& identity);
  /// Who has them open reads on.
  static Status remove(CacheDirectory& directory, DiskName name);

  DiskFile(DiskIdentity identity, std::unique_ptr<File> side, std::unique_ptr<File> data)
      : identity_(std::move(identity)),
        side_(std::move(side)),
        data_(std::move(data)),
        descriptor_(data_ ? data_->descriptor() : -1) {}

  [[nodiscard]] const DiskIdentity& identity() const { return identity_; }
  /// The pages that are there, if their bytes are still what was written.
  Result<PageSet> pages();
  /// `corrupt` where there are more or fewer bytes than the blob has.
  Status check_size();
  /// `corrupt`, and anything in `buffer`, if the page is not there or its bytes are not those that were
  /// written.
  Status read(std::uint64_t page, std::byte* buffer);
  /// Write neighbouring pages from `first` on. After an Error, or `kill -9` on the way, those count that were
  /// written whole.
  Status write(std::uint64_t first, std::span<const PageBuffer> pages);
  /// Let the file's time say that it is in use.
  Status touch() { return side_->touch(); }

  /// Of the data.
  Result<FileStamp> stamp() { return data_->stamp(); }
  /// Of the data, to be read only; lives as long as this.
  [[nodiscard]] const int* descriptor() const { return &descriptor_; }

 private:
  [[nodiscard]] std::uint64_t size_of(std::uint64_t page) const {
    return bytes_of({page, 1}, identity_.blob_size).length;
  }

  const DiskIdentity identity_;
  const std::unique_ptr<File> side_;
  const std::unique_ptr<File> data_;
  const int descriptor_;
};

}  // namespace blobmount
