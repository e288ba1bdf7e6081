#include "support/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <ostream>
#include <random>

#include <unistd.h>

namespace blobmount::tests {

FileHandle::FileHandle(const std::filesystem::path& path, int flags)
    : descriptor_(::open(path.c_str(), flags | O_CLOEXEC)), error_(descriptor_ < 0 ? errno : 0) {}

FileHandle::~FileHandle() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileHandle::Read FileHandle::read(std::uint64_t offset, std::size_t size) const {
  if (error_ != 0) return {.error = error_};
  Read read;
  constexpr std::size_t longest = 1U << 20U;
  // as O_DIRECT wants it of a file that is passed through
  const std::unique_ptr<char, void (*)(void*)> piece(static_cast<char*>(std::aligned_alloc(4096, longest)),
                                                     std::free);
  while (read.bytes.size() < size) {
    const auto wanted = std::min(longest, size - read.bytes.size());
    const auto count =
        ::pread(descriptor_, piece.get(), wanted, static_cast<off_t>(offset + read.bytes.size()));
    if (count < 0) read.error = errno;
    if (count <= 0) break;
    read.bytes.append(piece.get(), static_cast<std::size_t>(count));
  }
  return read;
}

void PrintTo(const FileHandle::Read& read, std::ostream* stream) {
  *stream << read.bytes.size() << " bytes, '" << read.bytes.substr(0, 40) << "'";
  if (read.error != 0) *stream << ", then " << std::strerror(read.error);
}

FileHandle::Read read_file(const std::filesystem::path& path) { return FileHandle(path).read_all(); }

std::string content_of(const std::filesystem::path& path) {
  const auto read = read_file(path);
  return read.error == 0 ? read.bytes : std::string("error: ") + std::strerror(read.error);
}

std::optional<struct stat> status_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return status;
}

int stat_error(const std::filesystem::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? 0 : errno;
}

std::set<std::string> names_in(const std::filesystem::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.insert(entry.path().filename());
  }
  return names;
}

std::string random_bytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(engine());
  return bytes;
}

}  // namespace blobmount::tests
