#include "app/mount_options.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace blobmount {
namespace {

/// mount(8), "filesystem-independent mount options". Nothing is written, no blob is a device or has a set-uid
/// bit, and times of access are not kept.
constexpr std::array passed_over{std::string_view("defaults"),   std::string_view("rw"),
                                 std::string_view("ro"),         std::string_view("suid"),
                                 std::string_view("nosuid"),     std::string_view("dev"),
                                 std::string_view("nodev"),      std::string_view("exec"),
                                 std::string_view("sync"),       std::string_view("async"),
                                 std::string_view("dirsync"),    std::string_view("atime"),
                                 std::string_view("noatime"),    std::string_view("diratime"),
                                 std::string_view("nodiratime"), std::string_view("relatime"),
                                 std::string_view("norelatime"), std::string_view("strictatime"),
                                 std::string_view("lazytime"),   std::string_view("nolazytime"),
                                 std::string_view("auto"),       std::string_view("noauto"),
                                 std::string_view("user"),       std::string_view("nouser"),
                                 std::string_view("users"),      std::string_view("owner"),
                                 std::string_view("group"),      std::string_view("nofail"),
                                 std::string_view("_netdev"),    std::string_view("silent"),
                                 std::string_view("loud"),       std::string_view("default_permissions")};

/// Comments, such as those of systemd.mount(5).
bool is_comment(std::string_view name) {
  return name.starts_with("x-") || name.starts_with("X-") || name == "comment";
}

/// At the commas that stand in no quotes and have no '\' before them, which are left out.
Result<std::vector<std::string>> split(std::string_view options) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const char c = options[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '\\' && i + 1 < options.size() && (options[i + 1] == ',' || options[i + 1] == '\\')) {
      parts.back() += options[++i];
    } else if (c == ',' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (quoted) return Error{ErrorCode::invalid_argument, "-o: a '\"' has no other one that closes it"};
  std::erase(parts, std::string());
  return parts;
}

Status take(GivenValues& values, const std::string& part, bool sloppy) {
  const auto name = part.substr(0, part.find('='));
  if (std::ranges::find(passed_over, name) != passed_over.end() || is_comment(name)) return {};
  const bool has_value = name.size() < part.size();
  auto text = has_value ? part.substr(name.size() + 1) : std::string();
  if (name == "remount") {
    return Error{ErrorCode::invalid_argument,
                 "-o remount: 'blobmount reload' puts changed settings into force; for others, unmount and "
                 "mount again"};
  }
  auto wanted = name;
  std::ranges::replace(wanted, '_', '-');
  if (wanted == "config") {
    if (text.empty()) return Error{ErrorCode::invalid_argument, "-o config needs a value: config=FILE"};
    values[wanted] = {std::move(text), "-o config"};
    return {};
  }
  const auto* const setting = find_setting(wanted);
  if (setting == nullptr || setting->is_positional) {
    if (sloppy) return {};
    return no_such_setting(wanted).within("-o " + name);
  }
  if (!has_value && !setting->is_switch()) {
    return Error{ErrorCode::invalid_argument,
                 "-o " + name + " needs a value: " + setting->name + "=" + setting->value};
  }
  // mount(8) puts what stands in /etc/fstab before what was typed: the last one wins
  if (!setting->is_list) values.erase(setting->name);
  return give(values, *setting, has_value ? std::move(text) : "on", "-o " + setting->name);
}

}  // namespace

Result<GivenValues> parse_mount_options(std::string_view options, bool sloppy) {
  BM_ASSIGN(parts, split(options));
  GivenValues values;
  for (const auto& part : parts) BM_TRY(take(values, part, sloppy));
  return values;
}

}  // namespace blobmount
