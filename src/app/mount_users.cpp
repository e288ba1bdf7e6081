#include "app/mount_users.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace blobmount {
namespace {

namespace fs = std::filesystem;

/// More than that nobody reads.
constexpr std::size_t most_described = 10;

bool is_within(std::string_view path, std::string_view mount_point) {
  return path.starts_with(mount_point) &&
         (path.size() == mount_point.size() || path[mount_point.size()] == '/');
}

bool leads_into(const fs::path& link, const std::string& mount_point) {
  std::error_code failed;
  return is_within(fs::read_symlink(link, failed).native(), mount_point);
}

bool has_open_file(const fs::path& process, const std::string& mount_point) {
  std::error_code failed;
  for (fs::directory_iterator file(process / "fd", failed), end; !failed && file != end;
       file.increment(failed)) {
    if (leads_into(file->path(), mount_point)) return true;
  }
  return false;
}

bool has_mapped_file(const fs::path& process, const std::string& mount_point) {
  std::ifstream maps(process / "maps");
  for (std::string line; std::getline(maps, line);) {
    const auto path = line.find('/');
    if (path != std::string::npos && is_within(std::string_view(line).substr(path), mount_point)) return true;
  }
  return false;
}

std::optional<std::string> use_by(const fs::path& process, const std::string& mount_point) {
  if (leads_into(process / "cwd", mount_point)) return "working directory";
  if (leads_into(process / "root", mount_point)) return "root directory";
  if (has_open_file(process, mount_point)) return "open file";
  if (leads_into(process / "exe", mount_point)) return "runs from it";
  if (has_mapped_file(process, mount_point)) return "mapped file";
  return std::nullopt;
}

std::string name_of(const fs::path& process) {
  std::ifstream file(process / "comm");
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace

std::vector<MountUser> users_of(const std::string& mount_point) {
  std::vector<MountUser> users;
  std::error_code failed;
  for (fs::directory_iterator process("/proc", failed), end; !failed && process != end;
       process.increment(failed)) {
    const auto name = process->path().filename().native();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) continue;
    if (auto use = use_by(process->path(), mount_point))
      users.push_back({pid, name_of(process->path()), *std::move(use)});
  }
  return users;
}

std::string describe(const std::vector<MountUser>& users) {
  std::string text;
  for (std::size_t i = 0; i < users.size() && i < most_described; ++i) {
    text += (text.empty() ? "" : ", ") + users[i].program + " (pid " + std::to_string(users[i].pid) + ", " +
            users[i].use + ")";
  }
  if (users.size() > most_described)
    text += " and " + std::to_string(users.size() - most_described) + " more";
  return text;
}

}  // namespace blobmount
