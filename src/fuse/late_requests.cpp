#include "fuse/late_requests.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "fuse/fuse_api.hpp"
#include "fuse/request_buffer.hpp"

namespace blobmount {
namespace {

bool wants_answer(const fuse_in_header& head) {
  return head.opcode != FUSE_FORGET && head.opcode != FUSE_BATCH_FORGET && head.opcode != FUSE_INTERRUPT;
}

}  // namespace

void refuse_late_requests(fuse_session* session) {
  const int device = fuse_session_fd(session);
  if (fcntl(device, F_SETFL, fcntl(device, F_GETFL) | O_NONBLOCK) != 0) return;
  RequestBuffer request;
  while (request.take(device) > 0) {
    if (!wants_answer(request.head())) continue;
    const fuse_out_header answer{.len = sizeof answer, .error = -EIO, .unique = request.head().unique};
    // it may have been interrupted by now
    (void)!write(device, &answer, sizeof answer);
  }
}

}  // namespace blobmount
