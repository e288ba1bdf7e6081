#include "fuse/kernel_requests.hpp"

#include <utility>

namespace blobmount {

std::string_view name_of(Operation operation) {
  switch (operation) {
    case Operation::look_up:
      return "lookup";
    case Operation::get_attributes:
      return "getattr";
    case Operation::open:
      return "open";
    case Operation::read:
      return "read";
    case Operation::flush:
      return "flush";
    case Operation::release:
      return "release";
    case Operation::open_directory:
      return "opendir";
    case Operation::read_directory:
      return "readdir";
    case Operation::release_directory:
      return "releasedir";
    case Operation::get_extended_attribute:
      return "getxattr";
    case Operation::list_extended_attributes:
      return "listxattr";
    case Operation::statistics:
      return "statfs";
  }
  return "other";
}

void KernelRequests::note_failure(std::string sentence, WallTime now) {
  const MutexLock lock(mutex_);
  last_failure_ = {std::move(sentence), now};
}

KernelRequests::Failure KernelRequests::last_failure() const {
  const MutexLock lock(mutex_);
  return last_failure_;
}

}  // namespace blobmount
