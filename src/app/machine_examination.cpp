#include "app/machine_examination.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/mount_source.hpp"
#include "app/mount_table.hpp"
#include "app/preflight.hpp"
#include "cache/disk_claim.hpp"
#include "fuse/handed_over.hpp"
#include "fuse/io_uring.hpp"

namespace blobmount {
namespace {

void examine_handed_over(int descriptor, Report& report) {
  const auto name = "descriptor " + std::to_string(descriptor);
  const auto usable = check_handed_over(descriptor);
  if (!usable) return report.add(Finding::failed, "handed-over mount", usable.error().message);
  report.add(Finding::ok, "handed-over mount", name + " belongs to one; no privilege is needed");
}

/// Whether what would be mounted there is there already, by whatever name.
bool is_mounted(const Config& config) {
  const auto table = read_mount_table();
  const auto* const there = find_mount(table, std::filesystem::canonical(config.mount_point).string());
  if (there == nullptr) return false;
  const auto& wanted = config.source;
  if (there->source == name_of(wanted)) return true;
  // as it was written; of a custom domain the account may be known from elsewhere
  const auto source = parse_mount_source(there->source, config.cloud.endpoint_suffix);
  return source && source->endpoint.to_string() == wanted.endpoint.to_string() &&
         source->container == wanted.container && source->prefix == wanted.prefix;
}

/// Whether it is mounted there already.
bool examine_mount_point(const Config& config, Report& report) {
  const auto& mount_point = config.mount_point;
  const auto usable = check_mount_point(mount_point);
  if (usable) {
    report.add(Finding::ok, "mount point", "'" + mount_point + "' is free");
    return false;
  }
  const bool mounted = usable.error().code == ErrorCode::busy && is_mounted(config);
  if (mounted) {
    report.add(Finding::note, "mount point",
               "it is mounted on '" + mount_point + "'; how it does: blobmount status '" + mount_point + "'");
  } else {
    report.add(Finding::failed, "mount point", usable.error().message);
  }
  return mounted;
}

/// Whether it is mounted already.
bool examine_device(const Config& config, Report& report) {
  if (const auto usable = check_fuse_device(); !usable) {
    report.add(Finding::failed, "/dev/fuse", usable.error().message);
  } else {
    report.add(Finding::ok, "/dev/fuse", "can be used");
  }
  return !config.mount_point.empty() && examine_mount_point(config, report);
}

void examine_mount_helper(Report& report) {
  if (geteuid() == 0) return report.add(Finding::ok, "mount helper", "root needs none");
  const char* const path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const auto directory = rest.substr(0, rest.find(':'));
    const auto helper = std::string(directory) + "/fusermount3";
    if (access(helper.c_str(), X_OK) == 0) return report.add(Finding::ok, "mount helper", helper);
    rest.remove_prefix(std::min(rest.size(), directory.size() + 1));
  }
  report.add(Finding::failed, "mount helper", "there is no fusermount3: apt install fuse3, or mount as root");
}

/// What mount(8) runs for `-t blobmount`; blobmount itself does without.
void examine_mount_type(Report& report) {
  const std::string program = "/sbin/mount.blobmount";
  if (access(program.c_str(), X_OK) == 0) return report.add(Finding::ok, "mount type", program);
  report.add(Finding::note, "mount type",
             "there is no " + program +
                 ", which /etc/fstab and 'mount -t blobmount' need: install the package, "
                 "or link blobmount there");
}

/// FUSE_PASSTHROUGH came with Linux 6.9. https://kernelnewbies.org/Linux_6.9
bool passes_through(const char* release) {
  int major = 0, minor = 0;
  std::sscanf(release, "%d.%d", &major, &minor);
  return major > 6 || (major == 6 && minor >= 9);
}

/// Nothing depends on it but the speed.
void examine_kernel(Report& report) {
  utsname system{};
  uname(&system);
  const auto uring = io_uring_offered();
  const auto has_uring = uring ? std::string("used") : "not used (" + uring.error().message + ")";
  const auto* const has_passthrough = passes_through(system.release) ? "there" : "not there (from 6.9 on)";
  report.add(Finding::note, "kernel",
             std::string(system.release) + ": FUSE over io_uring is " + has_uring + ", passthrough is " +
                 has_passthrough);
}

/// Changes nothing: who examines need not be who mounts. `mounted`: it may be the mount's.
void examine_cache_directory(const Config& config, bool mounted, Report& report) {
  const auto& directory = config.cache.directory;
  if (directory.empty()) return report.add(Finding::skipped, "cache directory", "none: no --cache-dir");
  if (!config.mount_point.empty()) {
    if (const auto outside = check_cache_directory(directory, config.mount_point); !outside) {
      report.add(Finding::failed, "cache directory", outside.error().message);
      return;
    }
  }
  const auto claimable = check_claim(directory);
  if (!claimable && claimable.error().code == ErrorCode::busy && mounted)
    return report.add(Finding::note, "cache directory", claimable.error().message);
  if (!claimable) return report.add(Finding::failed, "cache directory", claimable.error().message);
  struct statvfs space {};
  const auto parent = parent_of_directory(directory);
  if (statvfs(directory.c_str(), &space) != 0 && statvfs(parent.c_str(), &space) != 0)
    return report.add(Finding::note, "cache directory", "'" + directory + "' can be used");
  const auto free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  const auto text = "'" + directory + "' can be used, " + std::to_string(free >> 20U) + " MiB are free there";
  if (free > config.cache.directory_free_space) return report.add(Finding::ok, "cache directory", text);
  report.add(Finding::failed, "cache directory",
             text + ", and --cache-free-space wants to leave " +
                 std::to_string(config.cache.directory_free_space >> 20U) + " MiB: nothing would be kept");
}

}  // namespace

void examine_machine(const Config& config, Report& report) {
  bool mounted = false;
  if (const auto descriptor = handed_over_descriptor(config.mount_point)) {
    examine_handed_over(*descriptor, report);
  } else {
    mounted = examine_device(config, report);
    examine_mount_helper(report);
    examine_mount_type(report);
  }
  examine_kernel(report);
  examine_cache_directory(config, mounted, report);
}

}  // namespace blobmount
