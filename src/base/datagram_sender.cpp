#include "base/datagram_sender.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace blobmount {
namespace {

/// As systemd's own clients ask for; the kernel gives what it allows. Bursts of events find room there.
constexpr int buffer_size = 8 << 20;

}  // namespace

bool is_socket(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

DatagramSender::DatagramSender(const std::string& path)
    : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  address_.sun_family = AF_UNIX;
  path.copy(address_.sun_path, sizeof address_.sun_path - 1);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &buffer_size, sizeof buffer_size);
}

DatagramSender::~DatagramSender() { ::close(socket_); }

bool DatagramSender::send(std::string_view datagram) const {
  return ::sendto(socket_, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&address_), sizeof address_) >= 0;
}

}  // namespace blobmount
