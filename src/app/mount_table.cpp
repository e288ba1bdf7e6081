#include "app/mount_table.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include <unistd.h>

namespace blobmount {
namespace {

/// As many as the kernel follows.
constexpr int most_links = 40;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(separator));
    if (!part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return parts;
}

/// Space, tab, newline and backslash are written as "\ooo".
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned code = 0;
    const bool escaped = text[at] == '\\' && at + 3 < text.size() &&
                         std::from_chars(&text[at + 1], &text[at + 1] + 3, code, 8).ptr == &text[at + 1] + 3;
    plain += escaped ? static_cast<char>(code) : text[at];
    if (escaped) at += 3;
  }
  return plain;
}

uid_t owner_in(std::string_view options) {
  static constexpr std::string_view label = "user_id=";
  uid_t owner = 0;
  for (const auto option : split(options, ',')) {
    if (option.starts_with(label)) std::from_chars(option.begin() + label.size(), option.end(), owner);
  }
  return owner;
}

/// "36 35 0:52 ROOT MOUNTPOINT OPTIONS [FIELD...] - TYPE SOURCE OPTIONS"
std::optional<MountEntry> parse_line(std::string_view line) {
  static constexpr std::size_t least_before = 6, needed_after = 4;
  const auto fields = split(line, ' ');
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (dash - fields.begin() < static_cast<std::ptrdiff_t>(least_before) ||
      fields.end() - dash < static_cast<std::ptrdiff_t>(needed_after)) {
    return std::nullopt;
  }
  return MountEntry{.device = std::string(fields[2]),
                    .root = unescape(fields[3]),
                    .mount_point = unescape(fields[4]),
                    .type = std::string(dash[1]),
                    .source = unescape(dash[2]),
                    .owner = owner_in(fields.back())};
}

/// What of `path` is below `mount_point`, without a '/' before it; nothing if it is not below.
std::optional<std::string_view> below(std::string_view mount_point, std::string_view path) {
  if (mount_point == "/") mount_point = "";
  if (!path.starts_with(mount_point)) return std::nullopt;
  path.remove_prefix(mount_point.size());
  if (path.empty()) return path;
  if (path.front() != '/') return std::nullopt;
  return path.substr(1);
}

/// Null only where there is not even a root.
const MountEntry* innermost(const MountTable& table, std::string_view path) {
  const MountEntry* found = nullptr;
  for (const auto& entry : table) {
    const bool longer = found == nullptr || entry.mount_point.size() >= found->mount_point.size();
    if (longer && below(entry.mount_point, path)) found = &entry;
  }
  return found;
}

std::optional<std::string> link_target(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const auto size = ::readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return std::nullopt;
  return std::string(target.data(), static_cast<std::size_t>(size));
}

/// Whether to look at it would be to ask a filesystem of which we know all that we need.
bool is_opaque(const MountTable& table, const std::string& path) {
  if (find_mount(table, path) != nullptr) return true;
  const auto* const around = innermost(table, path);
  return around != nullptr && around->is_blobmount();
}

/// `path`, which is absolute, without symbolic links, "." and "..".
Result<std::string> resolve(const MountTable& table, const std::string& path) {
  std::vector<std::string> ahead;  // the next component is the last one
  const auto push = [&ahead](std::string_view more) {
    const auto parts = split(more, '/');
    ahead.insert(ahead.end(), parts.rbegin(), parts.rend());
  };
  push(path);
  std::string here;  // empty: the root
  for (int links = 0; !ahead.empty();) {
    const auto name = std::move(ahead.back());
    ahead.pop_back();
    if (name == ".") continue;
    if (name == "..") {
      here.resize(here.empty() ? 0 : here.rfind('/'));
      continue;
    }
    const auto next = here + "/" + name;
    const auto target = is_opaque(table, next) ? std::nullopt : link_target(next);
    if (!target) {
      here = next;
      continue;
    }
    if (++links > most_links) return Error{ErrorCode::invalid_argument, "too many symbolic links"};
    if (target->starts_with('/')) here.clear();
    push(*target);
  }
  return here.empty() ? "/" : here;
}

}  // namespace

MountTable parse_mount_table(std::string_view mountinfo) {
  MountTable table;
  for (const auto line : split(mountinfo, '\n')) {
    if (auto entry = parse_line(line)) table.push_back(*std::move(entry));
  }
  return table;
}

MountTable read_mount_table() {
  std::ifstream file("/proc/self/mountinfo");
  return parse_mount_table(std::string{std::istreambuf_iterator<char>(file), {}});
}

const MountEntry* find_mount(const MountTable& table, std::string_view mount_point) {
  const auto found = std::find_if(table.rbegin(), table.rend(),
                                  [&](const auto& entry) { return entry.mount_point == mount_point; });
  return found == table.rend() ? nullptr : &*found;
}

Result<MountedPlace> find_mounted_place(const MountTable& table, const std::string& path) {
  if (path.empty()) return Error{ErrorCode::invalid_argument, "the path is empty"};
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(path, failed);
  if (failed) return Error{ErrorCode::invalid_argument, "the working directory is gone"};

  BM_ASSIGN(place, resolve(table, absolute));
  const auto* const mount = innermost(table, place);
  if (mount == nullptr || !mount->is_blobmount()) {
    return Error{ErrorCode::not_found,
                 "it is not in a mount of blobmount (findmnt -t fuse.blobmount shows those that there are)"};
  }
  auto inside = mount->root.substr(1);
  const auto rest = *below(mount->mount_point, place);
  if (!inside.empty() && !rest.empty()) inside += '/';
  return MountedPlace{*mount, inside.append(rest)};
}

}  // namespace blobmount
