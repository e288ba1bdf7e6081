#pragma once

/// Threads with names, that leave signals to the main thread.

#include <functional>
#include <string>
#include <thread>

namespace blobmount {

/// Run `body` on a new thread called `name` in `ps -T` (its first 15 bytes), with every signal blocked but
/// those of its own faults. Throws std::system_error where the system has no more threads, as std::thread
/// does.
std::thread start_thread(std::string name, std::function<void()> body);

}  // namespace blobmount
