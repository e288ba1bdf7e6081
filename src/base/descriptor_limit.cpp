#include "base/descriptor_limit.hpp"

#include <algorithm>

#include <sys/resource.h>

namespace blobmount {
namespace {

/// More are of no use to us, and programs that we start may look at each.
constexpr rlim_t most = 65536;

}  // namespace

std::size_t descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<std::size_t>(limit.rlim_cur);
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, most));
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace blobmount
