#include "app/control_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

#include "cache/system_files.hpp"

namespace blobmount {
namespace {

constexpr auto folder = "/blobmount";

int milliseconds_until(SteadyTime deadline) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp(left, milliseconds{0}, milliseconds{std::chrono::hours{1}}).count());
}

bool passes(int reason) { return reason == EAGAIN || reason == EINTR; }

Error too_long(std::size_t longest) {
  return {ErrorCode::too_large, "the line is longer than " + std::to_string(longest >> 10U) + " KiB"};
}

Error went_away() { return {ErrorCode::corrupt, "the connection ended within a line"}; }

}  // namespace

std::vector<std::string> control_directories(uid_t user, const std::string& runtime_directory) {
  if (user == 0) return {std::string("/run") + folder};
  const auto usual = "/run/user/" + std::to_string(user);
  std::vector<std::string> directories;
  if (runtime_directory.starts_with('/') && runtime_directory != usual) {
    directories.push_back(runtime_directory + folder);
  }
  directories.push_back(usual + folder);
  directories.push_back("/tmp/blobmount-" + std::to_string(user));
  return directories;
}

std::string control_socket_name(const std::string& device) { return device + ".sock"; }

Result<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::invalid_argument, "'" + path + "' is too long for a socket"};
  }
  std::copy(path.begin(), path.end(), &address.sun_path[0]);
  return address;
}

Result<uid_t> user_behind(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return system_error("ask who it is");
  return peer.uid;
}

Status wait_for_events(int socket, short events, SteadyTime deadline, int stop) {
  while (true) {
    std::array<pollfd, 2> waiting{{{socket, events, 0}, {stop, POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), milliseconds_until(deadline));
    if (ready < 0 && !passes(errno)) return system_error("wait");
    if (ready > 0 && waiting[1].revents != 0) return Error{ErrorCode::cancelled, "the mount ends"};
    if (ready > 0) return {};
    if (std::chrono::steady_clock::now() >= deadline) return Error{ErrorCode::timed_out, "nothing came"};
  }
}

Result<std::string> receive_line(int socket, SteadyTime deadline, int stop, std::size_t longest) {
  std::string line;
  std::array<char, 4096> piece{};
  while (true) {
    BM_TRY(wait_for_events(socket, POLLIN, deadline, stop));
    const auto size = ::recv(socket, piece.data(), piece.size(), MSG_DONTWAIT);
    if (size < 0 && passes(errno)) continue;
    if (size < 0 && errno != ECONNRESET) return system_error("receive");
    if (size <= 0) return went_away();

    const auto searched = line.size();
    line.append(piece.data(), static_cast<std::size_t>(size));
    const auto end = line.find('\n', searched);
    if (std::min(end, line.size()) >= longest) return too_long(longest);
    if (end != std::string::npos) return line.substr(0, end);
  }
}

Status send_line(int socket, std::string line, SteadyTime deadline, int stop, std::size_t longest) {
  line += '\n';
  if (line.size() > longest) return too_long(longest);
  return send_text(socket, line, deadline, stop);
}

Status send_text(int socket, std::string_view text, SteadyTime deadline, int stop) {
  for (auto left = text; !left.empty();) {
    BM_TRY(wait_for_events(socket, POLLOUT, deadline, stop));
    const auto size = ::send(socket, left.data(), left.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0 && passes(errno)) continue;
    if (size < 0 && (errno == EPIPE || errno == ECONNRESET)) return went_away();
    if (size < 0) return system_error("send");
    left.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

}  // namespace blobmount
