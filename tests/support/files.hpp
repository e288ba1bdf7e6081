#pragma once

/// What a program sees of files, with the errno where it fails: no test throws because a file says no.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>

namespace blobmount::tests {

/// An open file, read as pread(2) does. Safe to use from any thread.
class FileHandle {
 public:
  explicit FileHandle(const std::filesystem::path& path, int flags = O_RDONLY);
  ~FileHandle();
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;

  /// 0, or why it could not be opened.
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

  struct Read {
    std::string bytes{};
    int error = 0;

    bool operator==(const Read&) const = default;
  };
  /// Up to `size` bytes from `offset`, fewer only at the end of the file, or before an error.
  [[nodiscard]] Read read(std::uint64_t offset, std::size_t size) const;
  [[nodiscard]] Read read_all() const { return read(0, SIZE_MAX); }

 private:
  const int descriptor_;
  const int error_;
};

/// What a test prints when it expected something else: the start of the bytes, and the error's words.
void PrintTo(const FileHandle::Read& read, std::ostream* stream);

/// Open and read a whole file: its bytes, or where that failed.
FileHandle::Read read_file(const std::filesystem::path& path);
/// The same as a check of a word: the content, or "error: WORDS".
std::string content_of(const std::filesystem::path& path);

/// Nothing if there is no such thing.
std::optional<struct stat> status_of(const std::filesystem::path& path);
/// errno of stat(2); 0 where it succeeds.
int stat_error(const std::filesystem::path& path);

/// The names in a directory, "." and ".." left out. Throws std::filesystem::filesystem_error.
std::set<std::string> names_in(const std::filesystem::path& directory);

/// `size` bytes that look random, the same for the same seed.
std::string random_bytes(std::size_t size, std::uint64_t seed);

}  // namespace blobmount::tests
