#pragma once

/// What the kernel asks of a session that nobody serves any more.

struct fuse_session;

namespace blobmount {

/// Refuse with EIO all that waits for an answer now. Does not wait for more. Only after Session::serve().
void refuse_late_requests(fuse_session* session);

}  // namespace blobmount
