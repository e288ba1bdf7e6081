#include "fuse/late_requests.hpp"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <linux/fuse.h>
#include <unistd.h>

#include "fuse/fuse_api.hpp"

namespace blobmount {
namespace {

/// The kernel refuses to be read with less than the longest write that libfuse agrees to, 1 MiB and its head.
constexpr std::size_t buffer_size = (1U << 20U) + (64U << 10U);

bool wants_answer(const fuse_in_header& head) {
  return head.opcode != FUSE_FORGET && head.opcode != FUSE_BATCH_FORGET && head.opcode != FUSE_INTERRUPT;
}

}  // namespace

void refuse_late_requests(fuse_session* session) {
  const int device = fuse_session_fd(session);
  if (fcntl(device, F_SETFL, fcntl(device, F_GETFL) | O_NONBLOCK) != 0) return;
  alignas(fuse_in_header) std::vector<char> buffer(buffer_size);
  while (read(device, buffer.data(), buffer.size()) >= static_cast<ssize_t>(sizeof(fuse_in_header))) {
    const auto& head = *reinterpret_cast<const fuse_in_header*>(buffer.data());
    if (!wants_answer(head)) continue;
    const fuse_out_header answer{.len = sizeof answer, .error = -EIO, .unique = head.unique};
    // it may have been interrupted by now
    (void)!write(device, &answer, sizeof answer);
  }
}

}  // namespace blobmount
