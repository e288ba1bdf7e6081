#include "app/mount_client.hpp"

#include <cstdlib>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/control_client.hpp"
#include "app/control_socket.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

/// Where the daemon of `mount` may listen. Of another user's environment nothing is known.
std::vector<std::string> sockets_of(const MountEntry& mount) {
  const char* const runtime = mount.owner == ::geteuid() ? std::getenv("XDG_RUNTIME_DIR") : nullptr;
  auto sockets = control_directories(mount.owner, runtime != nullptr ? runtime : "");
  for (auto& socket : sockets) socket += "/" + control_socket_name(mount.device);
  return sockets;
}

/// For the user, who knows mounts and not sockets.
Error explained(Error error, const MountEntry& mount) {
  const auto daemon = "the blobmount that serves '" + mount.mount_point + "'";
  if (error.code == ErrorCode::unreachable) {
    error.message = daemon + " does not answer: it has ended, or its log says why it cannot be asked";
  } else if (error.code == ErrorCode::permission_denied) {
    error.message = "no permission to ask " + daemon + ": be root, or the user who mounted it (uid " +
                    std::to_string(mount.owner) + ")";
  } else if (error.code == ErrorCode::timed_out) {
    error.message = daemon + " does not answer in time";
  }
  return error;
}

}  // namespace

Result<json> ask_mount(const MountEntry& mount, const json& request, Duration patience) {
  Error last{ErrorCode::unreachable};
  for (const auto& socket : sockets_of(mount)) {
    auto answer = ask_daemon(socket, mount.owner, request, patience);
    if (answer) return answer;
    last = std::move(answer).error();
    if (last.code != ErrorCode::unreachable) break;
  }
  return explained(std::move(last), mount);
}

}  // namespace blobmount
