#pragma once

/// Gets FUSE_PARALLEL_DIROPS to the kernel, which libfuse before 3.16.2 forgets to pass on. Without it the
/// kernel lets one lookup at a time into a directory, and whoever waits behind a slow one cannot be killed.
/// https://github.com/libfuse/libfuse/pull/861

#include <cstdint>

struct fuse_session;

namespace blobmount {

/// For a session that has been mounted and is not being served yet. Nothing happens where libfuse does it.
void allow_parallel_lookups(fuse_session* session);
/// This thread is about to hand over that request, which is a FUSE_INIT.
void note_init(std::uint64_t request);

}  // namespace blobmount
