#include "app/client_thread.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "app/control_socket.hpp"
#include "base/thread.hpp"

namespace blobmount {
namespace {

constexpr auto pause_without_descriptors = std::chrono::milliseconds{200};

}  // namespace

Result<std::unique_ptr<ClientThread>> ClientThread::start(const std::string& name, Descriptor listener,
                                                          Serve serve) {
  std::unique_ptr<ClientThread> clients(new ClientThread(std::move(listener), std::move(serve)));
  if (!clients->stop_) return system_error("make an eventfd");
  clients->thread_ = start_thread(name, [&clients = *clients] { clients.run(); });
  return clients;
}

ClientThread::ClientThread(Descriptor listener, Serve serve)
    : listener_(std::move(listener)), serve_(std::move(serve)), stop_(::eventfd(0, EFD_CLOEXEC)) {}

ClientThread::~ClientThread() {
  if (!thread_.joinable()) return;
  ::eventfd_write(stop_.number(), 1);
  thread_.join();
}

void ClientThread::run() {
  while (true) {
    const auto next = wait_for_events(listener_.number(), POLLIN, SteadyTime::max(), stop_.number());
    if (!next && next.error().code == ErrorCode::cancelled) return;
    serve_next();
  }
}

void ClientThread::serve_next() {
  Descriptor client(::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!client) {
    // it would be ready again at once
    const auto again = std::chrono::steady_clock::now() + pause_without_descriptors;
    (void)wait_for_events(-1, 0, again, stop_.number());
    return;
  }
  try {
    serve_(std::move(client), stop_.number());
  } catch (const std::exception&) {
    // for want of memory, mostly: there may be some for the next one
  }
}

}  // namespace blobmount
