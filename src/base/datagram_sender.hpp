#pragma once

/// Sends to a socket of this machine that takes datagrams, such as a log daemon's. The daemon may be away,
/// started again or stuck: nobody waits for it.

#include <string>
#include <string_view>

#include <sys/un.h>

namespace blobmount {

/// Whether there is such a socket.
bool is_socket(const std::string& path);

/// Safe to use from any thread.
class DatagramSender {
 public:
  /// Whether `path` is there is each time found out anew.
  explicit DatagramSender(const std::string& path);
  ~DatagramSender();
  DatagramSender(const DatagramSender&) = delete;
  DatagramSender& operator=(const DatagramSender&) = delete;

  /// False: it was not taken. Never blocks.
  [[nodiscard]] bool send(std::string_view datagram) const;

 private:
  sockaddr_un address_{};
  const int socket_;
};

}  // namespace blobmount
