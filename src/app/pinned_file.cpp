#include "app/pinned_file.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tree/blob_attributes.hpp"

namespace blobmount {
namespace {

std::string path_of(const Descriptor& descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor.number());
}

Result<std::uint64_t> number_in(const std::string& path, std::string_view attribute) {
  std::array<char, 32> text{};
  const auto size = ::getxattr(path.c_str(), attribute.data(), text.data(), text.size());
  if (size < 0) return mount_error(errno);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + size, value);
  return value;
}

}  // namespace

Result<PinnedFile> PinnedFile::pin(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!file) return mount_error(errno);
  return from(std::move(file));
}

Result<PinnedFile> PinnedFile::pin_latest(const std::string& path) {
  const Descriptor open(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!open) return mount_error(errno);
  return pin(path_of(open));
}

Result<PinnedFile> PinnedFile::from(Descriptor descriptor) {
  struct stat status {};
  if (::fstat(descriptor.number(), &status) != 0) return mount_error(errno);
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::changed, "it is no longer a file"};
  return PinnedFile(std::move(descriptor), static_cast<std::uint64_t>(status.st_size));
}

Result<std::uint64_t> PinnedFile::cached_of(const std::string& path) {
  return number_in(path, cached_attribute);
}

Result<std::uint64_t> PinnedFile::cached() const { return cached_of(path()); }

Result<std::uint64_t> PinnedFile::unwritten() const { return number_in(path(), unwritten_attribute); }

Result<bool> PinnedFile::checked() const {
  BM_ASSIGN(value, number_in(path(), checked_attribute));
  return value == 1;
}

Result<Descriptor> PinnedFile::open() const {
  for (const int flags : {O_RDONLY | O_CLOEXEC | O_DIRECT, O_RDONLY | O_CLOEXEC}) {
    Descriptor file(::open(path().c_str(), flags));
    if (file) return file;
    if (errno != EINVAL) break;
  }
  return mount_error(errno);
}

std::string PinnedFile::path() const { return path_of(descriptor_); }

Result<std::uint64_t> read_at(const Descriptor& file, std::uint64_t offset, void* buffer, std::size_t size) {
  while (true) {
    const auto count = ::pread(file.number(), buffer, size, static_cast<off_t>(offset));
    if (count >= 0) return static_cast<std::uint64_t>(count);
    if (errno != EINTR) return mount_error(errno);
  }
}

Error mount_error(int number) {
  switch (number) {
    case ENODATA:
      return {ErrorCode::unsupported, "its mount keeps nothing on disk: mount with --cache-dir"};
    case ESTALE:
      return {ErrorCode::changed, "it was overwritten, or deleted, while it was read"};
    case ENOENT:
      return {ErrorCode::not_found, "there is no such file or directory (any more)"};
    case EPERM:
      return {ErrorCode::not_permitted, "it is in the archive tier, or on its way out of it"};
    case EACCES:
      return {ErrorCode::permission_denied, "permission denied"};
    case EIO:
      return {ErrorCode::unavailable, "the service cannot be reached, or fails: the mount's log says why"};
    case ENOTCONN:
      return {ErrorCode::unreachable, "the blobmount that served it has ended"};
    default:
      return {ErrorCode::internal, std::system_category().message(number)};
  }
}

}  // namespace blobmount
