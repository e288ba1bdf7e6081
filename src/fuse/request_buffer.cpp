#include "fuse/request_buffer.hpp"

#include <cerrno>

#include <unistd.h>

namespace blobmount {
namespace {

/// More pages than the kernel can be made to allow (fs.fuse.max_pages_limit), at 4 KiB.
constexpr std::size_t longest = 512U << 20U;

}  // namespace

int RequestBuffer::take(int device) {
  for (;;) {
    const auto size = ::read(device, bytes_.data(), bytes_.size());
    if (size >= static_cast<ssize_t>(sizeof(fuse_in_header))) {
      size_ = static_cast<std::size_t>(size);
      return static_cast<int>(size);
    }
    if (size >= 0) return -EIO;
    // the kernel wants room for the longest write, which was agreed on meanwhile (fs/fuse/dev.c)
    if (errno == EINVAL && bytes_.size() < longest) {
      bytes_.resize(2 * bytes_.size());
      continue;
    }
    // interrupted, or who asked has been before the request was taken
    if (errno != EINTR && errno != ENOENT) return -errno;
  }
}

}  // namespace blobmount
