#pragma once

/// Whether a thread of another process still runs, as /proc tells.

#include <string_view>

#include <sys/types.h>

namespace blobmount {

/// Whether `thread`, an id in this process's namespace, has ended or is about to: it waits for nothing any
/// more. False where that cannot be told, and for 0, which stands for a thread of another namespace.
bool has_ended(pid_t thread);

/// What the text of /proc/TID/stat says of that. False where it is no such text.
bool says_that_it_ended(std::string_view stat);

}  // namespace blobmount
