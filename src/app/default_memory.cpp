#include "app/default_memory.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>

namespace blobmount {

namespace {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

std::uint64_t memory_of_machine(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  std::string label;
  std::uint64_t kib = 0;
  // https://man7.org/linux/man-pages/man5/proc_meminfo.5.html: MemTotal comes first
  return file >> label >> kib && label == "MemTotal:" ? kib * 1024 : unlimited;
}

/// A number of bytes, or "max".
std::uint64_t limit_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::uint64_t bytes = 0;
  return file >> bytes ? bytes : unlimited;
}

/// The least of the limits of `group` and of those that it is part of.
std::uint64_t limit_of(const std::filesystem::path& top, const std::string& group, const char* name) {
  auto least = limit_in(top / name);
  auto folder = top;
  for (const auto& part : std::filesystem::path(group).relative_path()) {
    folder /= part;
    least = std::min(least, limit_in(folder / name));
  }
  return least;
}

/// https://docs.kernel.org/admin-guide/cgroup-v2.html, https://man7.org/linux/man-pages/man7/cgroups.7.html:
/// each line is "number:controllers:group"; number 0 is version 2.
std::uint64_t memory_of_cgroup(const std::string& root) {
  std::ifstream file(root + "/proc/self/cgroup");
  auto least = unlimited;
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const auto group = line.substr(second + 1);
    if (controllers.empty()) least = std::min(least, limit_of(root + "/sys/fs/cgroup", group, "memory.max"));
    if ((',' + controllers + ',').find(",memory,") != std::string::npos) {
      least = std::min(least, limit_of(root + "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
  }
  return least;
}

}  // namespace

std::uint64_t default_memory(const std::string& root) {
  const auto memory = std::min(memory_of_machine(root), memory_of_cgroup(root));
  return std::clamp<std::uint64_t>(memory / 4, 64ULL << 20U, 4ULL << 30U);
}

}  // namespace blobmount
