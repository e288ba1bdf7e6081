#pragma once

/// Becoming a daemon, but not before it is known that all is well.

#include <functional>

namespace blobmount {

/// Run `body` in a child process that leaves the terminal. This process returns as soon as the child calls
/// `ready`, with 0, or when it ends without having done so, with its exit status. Call before there are
/// threads.
int run_in_background(const std::function<int(const std::function<void()>& ready)>& body);

}  // namespace blobmount
