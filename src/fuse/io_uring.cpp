#include "fuse/io_uring.hpp"

#include <algorithm>
#include <fstream>
#include <string>

namespace blobmount {
namespace {

/// Of a request, beside its bytes.
constexpr std::uint64_t head_bytes = 4096;
constexpr unsigned least_background = 8, most_background = 128;
/// More readers than that, on one core, that all wait for the service are rare; each place of each ring is
/// two of the 65,530 mappings that a process may have.
constexpr unsigned most_depth = 256, most_places = 8192;

}  // namespace

#if defined(BLOBMOUNT_IO_URING)

namespace {

std::string first_word(const char* file) {
  std::string word;
  std::ifstream(file) >> word;
  return word;
}

}  // namespace

Status io_uring_offered() {
  static constexpr auto* fuse_switch = "/sys/module/fuse/parameters/enable_uring";
  const auto offered = first_word(fuse_switch);
  if (offered.empty()) return Error{ErrorCode::unsupported, "the kernel is older than 6.14"};
  if (offered != "Y")
    return Error{ErrorCode::unsupported, "it is switched off: echo Y > " + std::string(fuse_switch)};
  // 0: everybody may, which is also what kernels without this setting do
  const auto disabled = first_word("/proc/sys/kernel/io_uring_disabled");
  if (!disabled.empty() && disabled != "0")
    return Error{ErrorCode::unsupported, "sysctl kernel.io_uring_disabled is " + disabled};
  return {};
}

#else

Status io_uring_offered() {
  return Error{ErrorCode::unsupported, "this blobmount was built with the system's libfuse"};
}

#endif

Rings rings_within(std::uint64_t memory, unsigned cores, std::uint64_t longest_request) {
  const auto request_bytes = longest_request + head_bytes;
  const auto fitting =
      static_cast<unsigned>(std::min<std::uint64_t>(memory / request_bytes, most_background));
  const auto background = std::max(fitting, least_background);
  return {.depth = std::min(most_depth, most_places / std::max(cores, 1U)),
          .background = background,
          .bytes = background * request_bytes};
}

}  // namespace blobmount
