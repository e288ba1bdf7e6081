#include "fuse/kernel_read_ahead.hpp"

#include <fstream>
#include <sstream>

namespace blobmount {

namespace {

/// mountinfo writes blanks and backslashes as octal numbers.
std::string unescaped(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 3 >= text.size()) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
    i += 3;
  }
  return plain;
}

/// "major:minor" of what is mounted last at `mount_point`: not by stat(2), which the mount itself would have
/// to answer. https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
std::string device_of(const std::string& mount_point) {
  std::ifstream table("/proc/self/mountinfo");
  std::string device;
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string id, parent, numbers, root, point;
    fields >> id >> parent >> numbers >> root >> point;
    if (unescaped(point) == mount_point) device = numbers;
  }
  return device;
}

}  // namespace

Status raise_read_ahead(const std::string& mount_point, unsigned bytes) {
  const auto device = device_of(mount_point);
  if (device.empty()) return Error{ErrorCode::not_found, "'" + mount_point + "' is in no table of mounts"};
  const auto setting = "/sys/class/bdi/" + device + "/read_ahead_kb";
  std::ofstream file(setting);
  file << bytes / 1024 << std::flush;
  if (!file) return Error{ErrorCode::permission_denied, "cannot write " + setting};
  return {};
}

}  // namespace blobmount
