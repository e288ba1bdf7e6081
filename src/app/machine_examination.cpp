#include "app/machine_examination.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

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

void examine_device(const Config& config, Report& report) {
  if (const auto usable = check_fuse_device(); !usable) {
    report.add(Finding::failed, "/dev/fuse", usable.error().message);
  } else {
    report.add(Finding::ok, "/dev/fuse", "can be used");
  }
  if (config.mount_point.empty()) return;
  if (const auto usable = check_mount_point(config.mount_point); !usable) {
    report.add(Finding::failed, "mount point", usable.error().message);
  } else {
    report.add(Finding::ok, "mount point", "'" + config.mount_point + "' is free");
  }
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

void examine_cache_directory(const Config& config, Report& report) {
  const auto& directory = config.cache.directory;
  if (directory.empty()) return report.add(Finding::skipped, "cache directory", "none: no --cache-dir");
  if (!config.mount_point.empty()) {
    if (const auto outside = check_cache_directory(directory, config.mount_point); !outside) {
      report.add(Finding::failed, "cache directory", outside.error().message);
      return;
    }
  }
  if (const auto claimed = claim_directory(directory); !claimed) {
    report.add(Finding::failed, "cache directory", claimed.error().message);
    return;
  }
  struct statvfs space {};
  if (statvfs(directory.c_str(), &space) != 0)
    return report.add(Finding::note, "cache directory", "'" + directory + "' is ours");
  const auto free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  const auto text = "'" + directory + "' is ours, " + std::to_string(free >> 20U) + " MiB are free there";
  if (free > config.cache.directory_free_space) return report.add(Finding::ok, "cache directory", text);
  report.add(Finding::failed, "cache directory",
             text + ", and --cache-free-space wants to leave " +
                 std::to_string(config.cache.directory_free_space >> 20U) + " MiB: nothing would be kept");
}

}  // namespace

void examine_machine(const Config& config, Report& report) {
  if (const auto descriptor = handed_over_descriptor(config.mount_point)) {
    examine_handed_over(*descriptor, report);
  } else {
    examine_device(config, report);
    examine_mount_helper(report);
    examine_mount_type(report);
  }
  examine_kernel(report);
  examine_cache_directory(config, report);
}

}  // namespace blobmount
