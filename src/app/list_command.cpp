#include "app/list_command.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/display.hpp"
#include "app/json_members.hpp"
#include "app/mount_health.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds patience{2};

/// Null where it is not known.
json pid_in(const json& status) {
  const auto pid = count_in(status, "pid");
  return pid != 0 ? json(pid) : json();
}

void print_json(const std::vector<MountHealth>& mounts, std::ostream& out) {
  auto all = json::array();
  for (const auto& [mount, health, detail, status] : mounts) {
    all.push_back({{"source", mount.source},
                   {"mount_point", mount.mount_point},
                   {"owner", mount.owner},
                   {"pid", pid_in(status)},
                   {"health", name_of(health)},
                   {"detail", detail}});
  }
  out << json{{"mounts", std::move(all)}}.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
}

void print(const std::vector<MountHealth>& mounts, std::ostream& out) {
  std::vector<std::array<std::string, 4>> rows{{"SOURCE", "MOUNT POINT", "PID", "HEALTH"}};
  for (const auto& [mount, health, detail, status] : mounts) {
    const auto pid = pid_in(status);
    rows.push_back({printable(mount.source), printable(mount.mount_point), pid.is_null() ? "-" : pid.dump(),
                    name_of(health) + (detail.empty() ? "" : ": " + printable(detail))});
  }
  std::array<std::size_t, 3> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  out << std::left;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i)
      out << std::setw(static_cast<int>(widths[i]) + 2) << row[i];
    out << row.back() << "\n";
  }
}

}  // namespace

int run_command(const ListCommand& command, std::ostream& out) {
  const auto mounts = examine_all(blobmounts(read_mount_table()), patience);
  if (command.json) {
    print_json(mounts, out);
  } else if (!mounts.empty()) {
    print(mounts, out);
  }
  return EXIT_SUCCESS;
}

}  // namespace blobmount
