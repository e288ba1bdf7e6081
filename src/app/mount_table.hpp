#pragma once

/// Which mounts there are, and in which of blobmount's a path lies: from the kernel's table, so that a mount
/// that hangs or is dead is not touched. https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "blobmount/result.hpp"

namespace blobmount {

struct MountEntry {
  std::string device{};  ///< "MAJOR:MINOR"
  std::string root{};    ///< what of the filesystem is mounted: "/", but for bind mounts
  std::string mount_point{};
  std::string type{};
  std::string source{};  ///< "ACCOUNT/CONTAINER", or as mount(8) was given it
  uid_t owner = 0;       ///< who mounted it, if it is a FUSE filesystem

  [[nodiscard]] bool is_blobmount() const { return type == "fuse.blobmount"; }
};

/// Whether calls on a mount that end with this error say that its daemon has ended: the second, where it ends
/// meanwhile.
constexpr bool is_death(int error) { return error == ENOTCONN || error == ECONNABORTED; }

/// In the kernel's order: the last of those on one mount point is the visible one.
using MountTable = std::vector<MountEntry>;

/// From the text of mountinfo; lines that are none are left out.
MountTable parse_mount_table(std::string_view mountinfo);
/// What this process sees.
MountTable read_mount_table();

/// What is visible on `mount_point`, an absolute path without symbolic links; null: nothing is mounted there.
/// Points into `table`.
const MountEntry* find_mount(const MountTable& table, std::string_view mount_point);

/// A path in a mount of blobmount.
struct MountedPlace {
  MountEntry mount{};
  std::string path{};  ///< relative to what the daemon serves; empty: all of it

  [[nodiscard]] bool is_mount_point() const { return "/" + path == mount.root; }
};

/// Where `path` leads. Symbolic links and ".." count as the kernel has them, but no mount of blobmount is
/// asked about them: there are no links in it. What is missing may be named. Errors: not_found, where that is
/// not in a mount of blobmount; invalid_argument.
Result<MountedPlace> find_mounted_place(const MountTable& table, const std::string& path);

}  // namespace blobmount
