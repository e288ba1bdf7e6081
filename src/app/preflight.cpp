#include "app/preflight.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "app/mount_table.hpp"
#include "app/settings.hpp"
#include "fuse/handed_over.hpp"

namespace blobmount {
namespace {

constexpr auto fuse_device = "/dev/fuse";

Error unusable(const std::string& mount_point, const std::string& why) {
  return {ErrorCode::invalid_argument, "cannot mount on '" + mount_point + "': " + why};
}

Status check_directory(const std::string& mount_point) {
  struct stat status {};
  if (stat(mount_point.c_str(), &status) != 0) {
    const int reason = errno;
    if (reason == ENOENT)
      return unusable(mount_point, "it does not exist; make it with: mkdir -p '" + mount_point + "'");
    if (is_death(reason)) {
      return unusable(mount_point,
                      "a dead mount is left there; remove it with: umount '" + mount_point + "'");
    }
    return unusable(mount_point, std::generic_category().message(reason));
  }
  if (!S_ISDIR(status.st_mode)) return unusable(mount_point, "it is not a directory");
  return {};
}

/// Whether one of our mounts is there already. Another filesystem's may be mounted over, as mount(8) does.
bool is_mounted(const std::string& mount_point) {
  const auto table = read_mount_table();
  const auto* const there = find_mount(table, std::filesystem::canonical(mount_point).string());
  return there != nullptr && there->is_blobmount();
}

}  // namespace

void take_away_dead_mount(const std::string& mount_point) {
  // not stat(2), which the kernel may answer from what it knows of the dead
  struct statfs space {};
  if (::statfs(mount_point.c_str(), &space) == 0 || !is_death(errno)) return;
  std::error_code failed;
  // not the last part, which cannot be looked at
  const std::filesystem::path path(mount_point);
  const auto parent = std::filesystem::canonical(path.parent_path(), failed);
  if (failed) return;
  const auto table = read_mount_table();
  const auto* const dead = find_mount(table, (parent / path.filename()).string());
  if (dead != nullptr && dead->is_blobmount())
    ::umount2(dead->mount_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

Status check_fuse_device() {
  const int device = open(fuse_device, O_RDWR | O_CLOEXEC);
  if (device >= 0) {
    close(device);
    return {};
  }
  const int reason = errno;
  if (reason == ENOENT || reason == ENODEV || reason == ENXIO) {
    return Error{
        ErrorCode::invalid_argument,
        "/dev/fuse is missing; load the module with: modprobe fuse (a container: --device /dev/fuse)"};
  }
  return Error{ErrorCode::invalid_argument,
               "no permission to use /dev/fuse (" + std::generic_category().message(reason) +
                   "); run as root, or allow the device to this user or container"};
}

Status check_mount_point(const std::string& mount_point) {
  if (const auto descriptor = handed_over_descriptor(mount_point)) {
    auto usable = check_handed_over(*descriptor);
    return usable ? Status{} : unusable(mount_point, usable.error().message);
  }
  BM_TRY(check_directory(mount_point));
  if (is_mounted(mount_point)) {
    auto error = unusable(
        mount_point, "blobmount is mounted there already; unmount it with: umount '" + mount_point + "'");
    error.code = ErrorCode::busy;
    return error;
  }
  if (auto usable = check_fuse_device(); !usable) return unusable(mount_point, usable.error().message);
  return {};
}

namespace {

bool would_be_hidden(const std::string& path, const std::string& mount_point) {
  if (path.empty()) return false;
  std::error_code failed;
  const auto inner = std::filesystem::weakly_canonical(path, failed);
  if (failed) return false;  // who opens it says why
  const auto outer = std::filesystem::canonical(mount_point, failed);
  if (failed) return false;  // who mounts there says why
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

}  // namespace

Status check_secret_files(const GivenValues& given, const std::string& mount_point) {
  for (const auto& [name, value] : given) {
    const auto* const setting = find_setting(name);
    const bool is_secret = setting != nullptr && setting->group == SettingGroup::identity && setting->is_path;
    if (!is_secret || !would_be_hidden(value.text, mount_point)) continue;
    return Error{ErrorCode::invalid_argument, value.origin + " names '" + value.text +
                                                  "', which the mount on '" + mount_point +
                                                  "' would hide; keep it outside of it"};
  }
  return {};
}

Status check_cache_directory(const std::string& cache_directory, const std::string& mount_point) {
  if (!would_be_hidden(cache_directory, mount_point)) return {};
  return Error{ErrorCode::invalid_argument, "cannot keep the cache in '" + cache_directory +
                                                "': the mount on '" + mount_point +
                                                "' would hide it; choose a directory outside of it"};
}

}  // namespace blobmount
