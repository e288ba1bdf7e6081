#pragma once

/// A request as /dev/fuse gives it.

#include <cstddef>
#include <vector>

#include <linux/fuse.h>

namespace blobmount {

/// For one thread at a time.
class RequestBuffer {
 public:
  /// The next request of `device`, which is not to be waited for. Its length in bytes; or -errno: -EAGAIN
  /// where there is none now, -ENODEV where the mount has gone.
  int take(int device);

  /// Of what was taken, as all below.
  [[nodiscard]] const fuse_in_header& head() const {
    return *reinterpret_cast<const fuse_in_header*>(bytes_.data());
  }
  /// Of a FUSE_READ.
  [[nodiscard]] const fuse_read_in& read() const {
    return *reinterpret_cast<const fuse_read_in*>(bytes_.data() + sizeof(fuse_in_header));
  }
  [[nodiscard]] void* data() { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  // the allocator aligns it for any type
  std::vector<std::byte> bytes_ = std::vector<std::byte>((1U << 20U) + (64U << 10U));
  std::size_t size_ = 0;  ///< bytes
};

}  // namespace blobmount
