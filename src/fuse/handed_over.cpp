#include "fuse/handed_over.hpp"

#include <charconv>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace blobmount {
namespace {

constexpr std::string_view folder = "/dev/fd/";

/// https://www.kernel.org/doc/Documentation/admin-guide/devices.txt
constexpr unsigned misc_devices = 10, fuse = 229;

Error unusable(int descriptor, const std::string& why) {
  return {ErrorCode::invalid_argument, "descriptor " + std::to_string(descriptor) + " " + why};
}

bool is_fuse_device(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISCHR(status.st_mode) &&
         status.st_rdev == makedev(misc_devices, fuse);
}

/// The kernel reports one that has no mount, or not any more, as broken.
bool has_mount(int descriptor) {
  pollfd device{descriptor, POLLIN, 0};
  return ::poll(&device, 1, 0) >= 0 && (device.revents & POLLERR) == 0;
}

}  // namespace

std::optional<int> handed_over_descriptor(const std::string& mount_point) {
  if (!mount_point.starts_with(folder)) return std::nullopt;
  const auto digits = std::string_view(mount_point).substr(folder.size());
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number < 0) return std::nullopt;
  return number;
}

Status check_handed_over(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0) return unusable(descriptor, "is not open: whoever starts blobmount has to hand it over");
  if (!is_fuse_device(descriptor)) return unusable(descriptor, "is not one of /dev/fuse");
  if ((flags & O_ACCMODE) != O_RDWR)
    return unusable(descriptor, "has to be open for reading and for writing");
  if (!has_mount(descriptor)) {
    return unusable(descriptor, "belongs to no mount: whoever opened it has to mount with it first (fd=" +
                                    std::to_string(descriptor) + ")");
  }
  return {};
}

}  // namespace blobmount
