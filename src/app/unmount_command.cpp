#include "app/unmount_command.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>

#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/display.hpp"
#include "app/json_members.hpp"
#include "app/mount_client.hpp"
#include "app/mount_health.hpp"
#include "app/mount_users.hpp"
#include "base/run_program.hpp"
#include "cache/system_files.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds patience_with_answer{2};
/// It writes what waits for the disk cache, for 5 s at most, and ends its threads.
constexpr std::chrono::seconds patience_with_end{30};

/// The process that serves it, to be waited for; none: it cannot be asked, or has ended.
Descriptor daemon_of(const MountEntry& mount) {
  const auto answer = ask_mount(mount, {{"command", "status"}}, patience_with_answer);
  if (!answer) return Descriptor(-1);
  const auto pid = static_cast<pid_t>(count_in(member_of(*answer, "status"), "pid"));
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

Error busy(const std::string& mount_point) {
  const auto users = describe(users_of(mount_point));
  return {ErrorCode::busy, "it is in use by " + (users.empty() ? "processes that only root can see" : users) +
                               "; end them, or use --lazy"};
}

Status unmount_as_root(const std::string& mount_point, bool lazy) {
  if (::umount2(mount_point.c_str(), UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) == 0) return {};
  if (errno == EBUSY) return busy(mount_point);
  return system_error("unmount");
}

/// fusermount3 may do for a user what umount2 does for root only, with mounts that are the user's own.
Status unmount_as_user(const std::string& mount_point, bool lazy) {
  std::vector<std::string> arguments{"fusermount3", "-u"};
  if (lazy) arguments.emplace_back("-z");
  arguments.push_back(mount_point);
  const auto ended = run_program(arguments, patience_with_end);
  if (!ended) {
    if (ended.error().code == ErrorCode::not_found)
      return Error{ErrorCode::not_found, "there is no fusermount3: install the package fuse3, or be root"};
    return ended.error();
  }
  if (ended->status == 0) return {};
  if (ended->error_output.find("busy") != std::string::npos) return busy(mount_point);
  auto reason = printable(ended->error_output.substr(0, ended->error_output.find('\n')));
  return Error{ErrorCode::permission_denied, std::move(reason)};
}

Status wait_for_end(const Descriptor& daemon) {
  if (!daemon) return {};
  using std::chrono::milliseconds;
  pollfd ended{daemon.number(), POLLIN, 0};
  const auto most = static_cast<int>(milliseconds{patience_with_end}.count());
  if (::poll(&ended, 1, most) > 0) return {};
  return Error{ErrorCode::timed_out, "it is unmounted, but its daemon has not ended " +
                                         std::to_string(patience_with_end.count()) + " s later"};
}

Result<MountEntry> mount_on(const std::string& path) {
  BM_ASSIGN(place, find_mounted_place(read_mount_table(), path));
  if (!place.is_mount_point()) {
    return Error{ErrorCode::invalid_argument,
                 "it lies in the mount '" + place.mount.mount_point + "': that can be unmounted"};
  }
  return place.mount;
}

bool is_seen(const std::string& device) {
  return std::ranges::count(read_mount_table(), device, &MountEntry::device) > 0;
}

Status unmount(const MountEntry& mount, bool lazy) {
  const auto daemon = daemon_of(mount);
  BM_TRY(::geteuid() == 0 ? unmount_as_root(mount.mount_point, lazy)
                          : unmount_as_user(mount.mount_point, lazy));
  // who still uses it keeps the daemon of a lazy one, and so does any other place where it can be seen
  if (lazy || is_seen(mount.device)) return {};
  return wait_for_end(daemon);
}

/// With another one: what is taken away from a shared mount is taken away from those that share it.
bool has_gone(const std::string& mount_point) {
  return std::ranges::count(read_mount_table(), mount_point, &MountEntry::mount_point) == 0;
}

/// All places where they can be seen. The latest first: it may lie in another one.
std::vector<std::string> all_mount_points() {
  std::vector<std::string> points;
  for (const auto& mount : read_mount_table()) {
    const bool ours = ::geteuid() == 0 || mount.owner == ::geteuid();
    if (mount.is_blobmount() && ours) points.insert(points.begin(), mount.mount_point);
  }
  return points;
}

}  // namespace

int run_command(const UnmountCommand& command, std::ostream& out, std::ostream& errors) {
  int status = EXIT_SUCCESS;
  auto results = json::array();
  for (const auto& point : command.all ? all_mount_points() : command.mount_points) {
    if (command.all && has_gone(point)) continue;
    const auto mount = mount_on(point);
    const auto done = mount ? unmount(*mount, command.lazy) : Status(mount.error());
    results.push_back({{"mount_point", mount ? mount->mount_point : point},
                       {"unmounted", done.has_value()},
                       {"error", done ? json() : json(done.error().message)}});
    if (done) continue;
    status = EXIT_FAILURE;
    if (!command.json)
      errors << "blobmount: cannot unmount '" << printable(point) << "': " << printable(done.error().message)
             << std::endl;
  }
  if (command.json)
    out << json{{"mounts", std::move(results)}}.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
  return status;
}

}  // namespace blobmount
