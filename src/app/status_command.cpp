#include "app/status_command.hpp"

#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <sstream>

#include <nlohmann/json.hpp>

#include "app/display.hpp"
#include "app/json_members.hpp"
#include "app/mount_health.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds patience{5};

class Lines {
 public:
  explicit Lines(std::ostream& out) : out_(out) {}
  void add(const char* label, const std::string& text) {
    out_ << std::right << std::setw(12) << label << ": " << printable(text) << "\n";
  }

 private:
  std::ostream& out_;
};

std::string token_line(const json& token) {
  const auto failure = text_in(token, "failure");
  auto line = std::string(flag_in(token, "valid") ? "valid" : "NOT VALID");
  if (token.contains("expires_in_s"))
    line += ", expires in " + shown_seconds(number_in(token, "expires_in_s"));
  return failure.empty() ? line : line + ", not renewed: " + failure;
}

std::string cost_line(const json& status) {
  std::ostringstream line;
  line << "about " << std::fixed << std::setprecision(4) << number_in(status, "cost_estimate") << " "
       << text_in(status, "currency") << " for requests so far";
  return line.str();
}

void print_what_the_daemon_said(const json& status, Lines& lines) {
  const auto count = [&status](const char* name) { return std::to_string(count_in(status, name)); };
  lines.add("Daemon", "blobmount " + text_in(status, "version", "?") + ", pid " + count("pid") + ", up " +
                          shown_seconds(number_in(status, "uptime_s")));
  lines.add("Credential", text_in(status, "credential"));
  if (const auto& token = member_of(status, "token"); token.is_object())
    lines.add("Token", token_line(token));
  lines.add("Consistency", text_in(status, "consistency"));
  if (const auto& memory = member_of(status, "memory"); memory.is_object()) {
    lines.add("Memory",
              shown_usage(memory) + " (daemon: " + shown_bytes(number_in(memory, "resident")) + " resident)");
  }
  if (const auto& disk = member_of(status, "disk_cache"); disk.is_object()) {
    lines.add("Disk cache", shown_usage(disk) + " in " + text_in(disk, "directory") + ", " +
                                std::to_string(count_in(disk, "blobs")) + " blobs");
  }
  lines.add("Activity",
            count("open_files") + " files open, " + count("requests_in_flight") + " requests in flight");
  lines.add("Cost", cost_line(status));
  if (count_in(status, "metrics_port") != 0)
    lines.add("Metrics", "http://127.0.0.1:" + count("metrics_port") + "/metrics");
  if (const auto& error = member_of(status, "last_error"); error.is_object()) {
    lines.add("Last error",
              text_in(error, "sentence") + " (" + shown_seconds(number_in(error, "ago_s")) + " ago)");
  }
}

void print(const MountHealth& found, std::ostream& out) {
  out << printable(found.mount.source) << " on " << printable(found.mount.mount_point) << "\n";
  Lines lines(out);
  lines.add("Health", name_of(found.health) + (found.detail.empty() ? "" : ": " + found.detail));
  if (found.status.is_object()) print_what_the_daemon_said(found.status, lines);
}

void print_json(const MountHealth& found, std::ostream& out) {
  auto status = found.status.is_object() ? found.status : json::object();
  status["source"] = found.mount.source;
  status["mount_point"] = found.mount.mount_point;
  status["health"] = name_of(found.health);
  status["detail"] = found.detail;
  out << status.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
}

}  // namespace

Result<int> run_command(const StatusCommand& command, std::ostream& out) {
  BM_ASSIGN(mount, choose_mount(command.path));
  const auto found = examine(mount, patience);
  command.json ? print_json(found, out) : print(found, out);
  return found.health == Health::ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace blobmount
