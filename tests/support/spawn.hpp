#pragma once

/// fork and exec for Process, and nothing but that.

#include <sys/types.h>

namespace blobmount::tests {

struct Command;

struct Child {
  pid_t pid = -1;
  int output = -1, error_output = -1;  ///< the reading ends of its stdout and stderr
};

/// Start `command` in a process group of its own, to be killed when the calling thread ends. Throws
/// std::system_error.
Child spawn(const Command& command);

}  // namespace blobmount::tests
