#pragma once

/// What the programs among the fakes have in common: a port that scripts can learn, and an end by signal.

#include <string>

namespace blobmount::tests {

/// Block SIGTERM and SIGINT in this thread and those it starts: call it first. wait_for_signal() takes them.
void keep_signals_for_waiting();
/// Block until SIGTERM or SIGINT comes.
void wait_for_signal();

/// Write `port` to `path`, all at once: whoever sees the file sees the number. Nothing if `path` is empty.
/// Throws std::system_error.
void announce_port(int port, const std::string& path);

}  // namespace blobmount::tests
