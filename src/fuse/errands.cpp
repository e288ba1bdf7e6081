#include "fuse/errands.hpp"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>

namespace blobmount {

Errands::Errands() : left_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!left_) throw std::system_error(errno, std::generic_category(), std::string("wait for errands"));
}

void Errands::leave(std::function<void()> errand) {
  {
    const MutexLock lock(mutex_);
    errands_.push_back(std::move(errand));
  }
  ::eventfd_write(left_.number(), 1);
}

void Errands::run() {
  eventfd_t ignored = 0;
  ::eventfd_read(left_.number(), &ignored);
  std::vector<std::function<void()>> errands;
  {
    const MutexLock lock(mutex_);
    errands.swap(errands_);
  }
  for (const auto& errand : errands) errand();
}

}  // namespace blobmount
