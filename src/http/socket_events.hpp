#pragma once

/// Waits for sockets that can be read or written, and for other threads.
/// https://man7.org/linux/man-pages/man7/epoll.7.html

#include <array>
#include <span>

#include <sys/epoll.h>

namespace blobmount {

/// Used by one thread, but for wake().
class SocketEvents {
 public:
  /// Throws std::system_error where the system has no descriptor left.
  SocketEvents();
  ~SocketEvents();
  SocketEvents(const SocketEvents&) = delete;
  SocketEvents& operator=(const SocketEvents&) = delete;

  /// From now on, for reading, writing or both, instead of what was said before; or no more. The socket stays
  /// the caller's. Where the system has no memory for it, nothing is heard of the socket.
  void watch(int socket, bool reading, bool writing);
  void forget(int socket);

  /// Ends the wait that is under way, or the next one. On any thread.
  void wake();

  struct Ready {
    int socket;
    bool to_read, to_write;  ///< or broken: then both, and whoever tries hears of it
  };
  /// Until something is ready, or for `ms`. What is returned holds until the next call.
  std::span<const Ready> wait(int ms);

 private:
  const int wakeup_;  ///< an eventfd
  const int epoll_;
  std::array<Ready, 64> ready_{};  // what is left over is told by the next call
};

}  // namespace blobmount
