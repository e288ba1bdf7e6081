#include "fuse/parallel_lookups.hpp"

#include "fuse/fuse_api.hpp"

// what is compiled against 3.17 or newer is never linked with an older one
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)

namespace blobmount {
void allow_parallel_lookups(fuse_session* /*session*/) {}
void note_init(std::uint64_t /*request*/) {}
}  // namespace blobmount

#else

#include <linux/fuse.h>
#include <sys/uio.h>
#include <unistd.h>

namespace blobmount {
namespace {

/// The request for INIT that this thread has taken last and not answered yet; 0: none. The thread that takes
/// it answers it.
std::uint64_t& init_request() {
  thread_local std::uint64_t unique = 0;
  return unique;
}

/// Which libfuse wants to have, and does not call: RequestLoop reads.
ssize_t read_request(int device, void* buffer, std::size_t size, void* /*userdata*/) {
  return ::read(device, buffer, size);
}

ssize_t write_answer(int device, iovec* parts, int count, void* /*userdata*/) {
  const auto* const head = static_cast<const fuse_out_header*>(parts[0].iov_base);
  const bool to_init = init_request() != 0 && head->unique == init_request() && head->error == 0;
  if (to_init && count == 2) static_cast<fuse_init_out*>(parts[1].iov_base)->flags |= FUSE_PARALLEL_DIROPS;
  if (to_init) init_request() = 0;
  return ::writev(device, parts, count);
}

}  // namespace

void note_init(std::uint64_t request) { init_request() = request; }

void allow_parallel_lookups(fuse_session* session) {
  // fuse_version() has no patch level; to do it twice does no harm
  static constexpr int first_that_does_it = FUSE_MAKE_VERSION(3, 17);
  if (fuse_version() >= first_that_does_it) return;
  // without the splice functions libfuse reads and writes plainly, which is quicker for messages this short
  const fuse_custom_io io{
      .writev = write_answer, .read = read_request, .splice_receive = nullptr, .splice_send = nullptr};
  fuse_session_custom_io(session, &io, fuse_session_fd(session));
}

}  // namespace blobmount

#endif
