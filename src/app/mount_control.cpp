#include "app/mount_control.hpp"

#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/control_socket.hpp"
#include "app/mount_table.hpp"
#include "tree/names.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

/// For the kernel to take its notices; the client is more patient.
constexpr std::chrono::seconds longest_wait{10};

/// "a/b", or empty for the mount point.
bool is_relative_path(std::string_view path) {
  while (!path.empty()) {
    const auto end = path.find('/');
    if (!is_file_name(path.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    path.remove_prefix(end + 1);
    if (path.empty()) return false;
  }
  return true;
}

Result<json> refresh(FileSystem& files, const json& request) {
  const auto path = request.find("path");
  const bool understood =
      path != request.end() && path->is_string() && is_relative_path(path->get_ref<const std::string&>());
  if (!understood) {
    return Error{ErrorCode::invalid_argument,
                 "refresh needs a \"path\" such as a/b, from the mount point on"};
  }
  const auto told = std::make_shared<std::promise<void>>();
  files.refresh(path->get_ref<const std::string&>(), [told] { told->set_value(); });
  if (told->get_future().wait_for(longest_wait) == std::future_status::ready) return json::object();
  return Error{ErrorCode::timed_out,
               "all is forgotten here, but the kernel has not heard of it yet: it waits for a slow request"};
}

Result<std::unique_ptr<ControlServer>> listen(const std::string& mount_point,
                                              ControlServer::Handlers commands, Log& log) {
  const auto table = read_mount_table();
  const auto* const mount = find_mount(table, mount_point);
  if (mount == nullptr) return Error{ErrorCode::not_found, "the mount is not in /proc/self/mountinfo"};
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  const auto directories = control_directories(::geteuid(), runtime != nullptr ? runtime : "");
  return ControlServer::listen(directories, control_socket_name(mount->device), std::move(commands), log);
}

}  // namespace

ControlServer::Handlers commands_for(FileSystem& files) {
  return {{"refresh", [&files](const json& request) { return refresh(files, request); }}};
}

std::unique_ptr<ControlServer> serve_control(const std::string& mount_point, ControlServer::Handlers commands,
                                             Log& log) {
  auto server = listen(mount_point, std::move(commands), log);
  if (server) return *std::move(server);
  log.warning("no control socket: no command can reach this mount", {{"reason", server.error().message}});
  return nullptr;
}

}  // namespace blobmount
