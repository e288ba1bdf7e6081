#include "http/socket_events.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace blobmount {
namespace {

epoll_event event_of(int socket, std::uint32_t events) { return {.events = events, .data = {.fd = socket}}; }

int open_epoll(int wakeup) {
  const int epoll = wakeup >= 0 ? ::epoll_create1(EPOLL_CLOEXEC) : -1;
  if (epoll < 0) {
    const int number = errno;
    if (wakeup >= 0) ::close(wakeup);
    // a string, since of the other constructor UBSan wants a descriptor for its check
    throw std::system_error(number, std::generic_category(), std::string("wait for sockets"));
  }
  auto event = event_of(wakeup, EPOLLIN);
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, wakeup, &event);
  return epoll;
}

}  // namespace

SocketEvents::SocketEvents()
    : wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), epoll_(open_epoll(wakeup_)) {}

SocketEvents::~SocketEvents() {
  ::close(epoll_);
  ::close(wakeup_);
}

void SocketEvents::watch(int socket, bool reading, bool writing) {
  auto event = event_of(socket, (reading ? EPOLLIN : 0U) | (writing ? EPOLLOUT : 0U));
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event) != 0 && errno == ENOENT)
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
}

// libcurl tells of some that it has closed already (those that were being connected: lib/cf-socket.c
// of 7.88): they are forgotten by then, and if another thread has the number, that one's is not found here
void SocketEvents::forget(int socket) { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr); }

void SocketEvents::wake() { ::eventfd_write(wakeup_, 1); }

std::span<const SocketEvents::Ready> SocketEvents::wait(int ms) {
  constexpr std::uint32_t broken = EPOLLERR | EPOLLHUP;
  std::array<epoll_event, std::tuple_size_v<decltype(ready_)>> events{};
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), ms);
  std::size_t size = 0;
  for (const auto& event : std::span(events).first(static_cast<std::size_t>(std::max(count, 0)))) {
    if (event.data.fd != wakeup_) {
      ready_.at(size++) = {.socket = event.data.fd,
                           .to_read = (event.events & (EPOLLIN | broken)) != 0,
                           .to_write = (event.events & (EPOLLOUT | broken)) != 0};
      continue;
    }
    eventfd_t ignored = 0;
    ::eventfd_read(wakeup_, &ignored);
  }
  return std::span(ready_).first(size);
}

}  // namespace blobmount
