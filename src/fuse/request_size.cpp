#include "fuse/request_size.hpp"

#include <algorithm>
#include <fstream>
#include <optional>

#include <unistd.h>

#include "blobmount/config.hpp"

namespace blobmount {
namespace {

constexpr std::uint64_t mib = 1ULL << 20U;

std::uint64_t kernel_page() { return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)); }

std::optional<std::uint64_t> read_limit(const std::string& file) {
  std::uint64_t pages = 0;
  if (!(std::ifstream(file) >> pages)) return std::nullopt;
  return pages * kernel_page();
}

Status raise_limit(const std::string& file, std::uint64_t bytes) {
  const auto pages = std::to_string((bytes + kernel_page() - 1) / kernel_page());
  std::ofstream(file) << pages;
  if (read_limit(file).value_or(0) >= bytes) return {};
  return Error{ErrorCode::permission_denied,
               "--max-request: the kernel allows less; as root: sysctl fs.fuse.max_pages_limit=" + pages};
}

}  // namespace

Result<std::uint64_t> agree_on_longest_request(std::uint64_t wanted, std::uint64_t memory,
                                               const std::string& limit_file) {
  const auto limit = read_limit(limit_file);
  const auto allowed = limit.value_or(mib);
  if (wanted == 0) return std::min({allowed, longest_unasked, std::max(mib, memory / 64)});
  if (wanted <= allowed) return wanted;
  if (!limit) {
    return Error{ErrorCode::unsupported,
                 "--max-request: this kernel has requests of 1 MiB at most; longer ones came with Linux 6.13"};
  }
  BM_TRY(raise_limit(limit_file, wanted));
  return wanted;
}

}  // namespace blobmount
