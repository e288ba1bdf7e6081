#include "app/metrics_server.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "app/control_socket.hpp"
#include "base/metric_registry.hpp"

namespace blobmount {
namespace {

constexpr std::size_t longest_head = 8U << 10U;
constexpr int most_waiting_clients = 4;

Result<Descriptor> listen_on(std::uint16_t port) {
  Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return system_error("make a socket");
  const int yes = 1;
  ::setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto where = "127.0.0.1:" + std::to_string(port);
  if (::bind(listener.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EADDRINUSE) {
      return Error{ErrorCode::busy, "cannot serve metrics on " + where +
                                        ": another program has that port; choose one that is free, another "
                                        "one for each mount"};
    }
    return system_error("serve metrics on " + where);
  }
  if (::listen(listener.number(), most_waiting_clients) != 0)
    return system_error("serve metrics on " + where);
  return listener;
}

std::uint16_t port_of(const Descriptor& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(listener.number(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

/// Up to the empty line. Errors: timed_out, too_large, cancelled; corrupt where the client went away.
Result<std::string> receive_head(int client, SteadyTime deadline, int stop) {
  std::string head;
  std::array<char, 1024> piece{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    if (head.size() + piece.size() > longest_head) return Error{ErrorCode::too_large, "the head is too long"};
    BM_TRY(wait_for_events(client, POLLIN, deadline, stop));
    const auto size = ::recv(client, piece.data(), piece.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size <= 0) return Error{ErrorCode::corrupt, "the client went away"};
    head.append(piece.data(), static_cast<std::size_t>(size));
  }
  return head;
}

/// What is closed with bytes that nobody has read takes back the answer, too. Some are read, and dropped.
void drain(int client, SteadyTime deadline, int stop) {
  std::array<char, 1024> piece{};
  for (std::size_t left = longest_head; left >= piece.size(); left -= piece.size()) {
    if (!wait_for_events(client, POLLIN, deadline, stop)) return;
    if (::recv(client, piece.data(), piece.size(), MSG_DONTWAIT) <= 0) return;
  }
}

std::string answer(const std::string& status, const std::string& body,
                   const std::string& type = "text/plain; charset=utf-8") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

std::string lowered(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// What the client thinks it talks to; empty where it does not say.
std::string host_in(std::string_view head) {
  const auto lower = lowered(head);
  static constexpr std::string_view label = "\r\nhost:";
  const auto at = lower.find(label);
  if (at == std::string::npos) return "";
  auto host = lower.substr(at + label.size(), lower.find("\r\n", at + 2) - at - label.size());
  std::erase_if(host, [](char c) { return c == ' ' || c == '\t'; });
  return host.substr(0, host.find(':'));
}

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::listen(std::uint16_t port, Text text,
                                                             Duration patience) {
  BM_ASSIGN(listener, listen_on(port));
  std::unique_ptr<MetricsServer> server(new MetricsServer(port_of(listener), std::move(text), patience));
  BM_ASSIGN(clients, ClientThread::start("metrics", std::move(listener),
                                         [&server = *server](const Descriptor& client, int stop) {
                                           server.serve(client.number(), stop);
                                         }));
  server->clients_ = std::move(clients);
  return server;
}

void MetricsServer::serve(int client, int stop) const {
  const auto head = receive_head(client, std::chrono::steady_clock::now() + patience_, stop);
  const auto text = head ? answer_to(*head) : answer("400 Bad Request", head.error().message + "\n");
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  // who does not take it goes without
  if (!send_text(client, text, deadline, stop)) return;
  ::shutdown(client, SHUT_WR);
  drain(client, deadline, stop);
}

std::string MetricsServer::answer_to(const std::string& head) const {
  // a page of the web, in a browser of this machine, may give its own name the address 127.0.0.1
  const auto host = host_in(head);
  if (!host.empty() && host != "127.0.0.1" && host != "localhost")
    return answer("403 Forbidden", "ask for 127.0.0.1 or localhost\n");
  const auto line = head.substr(0, head.find("\r\n"));
  if (!line.starts_with("GET ")) return answer("405 Method Not Allowed", "only GET\n");
  const auto target = line.substr(4, line.find(' ', 4) - 4);
  if (target.substr(0, target.find('?')) != "/metrics") return answer("404 Not Found", "only /metrics\n");
  return answer("200 OK", text_(), MetricRegistry::content_type);
}

}  // namespace blobmount
