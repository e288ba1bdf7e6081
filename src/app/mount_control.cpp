#include "app/mount_control.hpp"

#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/control_socket.hpp"
#include "app/json_members.hpp"
#include "app/mount_table.hpp"
#include "tree/names.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

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

void refresh(FileSystem& files, const json& request, const Completion<json>& done) {
  const auto& path = member_of(request, "path");
  if (!path.is_string() || !is_relative_path(path.get_ref<const std::string&>())) {
    return done(
        Error{ErrorCode::invalid_argument, "refresh needs a \"path\" such as a/b, from the mount point on"});
  }
  files.refresh(path.get_ref<const std::string&>(), [done] { done(json::object()); });
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
  return {{"refresh",
           [&files](const json& request, const Completion<json>& done) { refresh(files, request, done); }}};
}

std::unique_ptr<ControlServer> serve_control(const std::string& mount_point, ControlServer::Handlers commands,
                                             Log& log) {
  auto server = listen(mount_point, std::move(commands), log);
  if (server) return *std::move(server);
  log.warning("no control socket: no command can reach this mount", {{"reason", server.error().message}});
  return nullptr;
}

}  // namespace blobmount
