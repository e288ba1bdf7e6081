#include "fuse/request_size.hpp"

#include <algorithm>
#include <fstream>
#include <optional>

#include <unistd.h>

#include "blobmount/config.hpp"

namespace blobmount {
namespace {

constexpr std::uint64_t mib = 1ULL << 20U;

/// Whether this libfuse takes them: the pinned one does.
#if defined(BLOBMOUNT_IO_URING)
constexpr bool longer_than_a_mib = true;
#else
constexpr bool longer_than_a_mib = false;
#endif

std::string in_kib(std::uint64_t bytes) { return std::to_string(bytes / 1024) + "KiB"; }

std::uint64_t kernel_page() { return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)); }

std::optional<std::uint64_t> read_limit(const std::string& file) {
  std::uint64_t pages = 0;
  if (!(std::ifstream(file) >> pages)) return std::nullopt;
  return pages * kernel_page();
}

/// Whole pages: a ring's memory for an answer is as long as the longest, and the kernel wants pages of it.
std::uint64_t pages_within(std::uint64_t bytes) { return bytes / kernel_page() * kernel_page(); }
std::uint64_t pages_around(std::uint64_t bytes) { return pages_within(bytes + kernel_page() - 1); }

Status raise_limit(const std::string& file, std::uint64_t bytes) {
  const auto pages = std::to_string(bytes / kernel_page());
  std::ofstream(file) << pages;
  if (read_limit(file).value_or(0) >= bytes) return {};
  return Error{ErrorCode::permission_denied,
               "--max-request: the kernel allows less; as root: sysctl fs.fuse.max_pages_limit=" + pages};
}

}  // namespace

Result<std::uint64_t> agree_on_longest_request(std::uint64_t wanted, std::uint64_t memory,
                                               const std::string& limit_file) {
  const auto limit = longer_than_a_mib ? read_limit(limit_file) : std::nullopt;
  const auto allowed = limit.value_or(mib);
  if (wanted == 0) return std::min({allowed, longest_unasked, std::max(mib, pages_within(memory / 64))});
  wanted = pages_around(wanted);
  if (wanted > std::max(mib, memory / 32)) {
    return Error{ErrorCode::invalid_argument,
                 "--max-request: with so little --memory it can be " + in_kib(memory / 32) + " at most"};
  }
  if (wanted <= allowed) return wanted;
  if (!limit) {
    return Error{ErrorCode::unsupported,
                 std::string("--max-request: 1 MiB at most; longer requests came with ") +
                     (longer_than_a_mib ? "Linux 6.13" : "the pinned libfuse")};
  }
  BM_TRY(raise_limit(limit_file, wanted));
  return wanted;
}

}  // namespace blobmount
