#include "app/status_command.hpp"

#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <sstream>

#include <nlohmann/json.hpp>

#include "app/display.hpp"
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

std::string of_limit(const json& part) {
  return shown_bytes(part.value("bytes", 0.0)) + " of " + shown_bytes(part.value("limit", 0.0));
}

std::string token_line(const json& token) {
  const auto failure = token.value("failure", "");
  auto line = std::string(token.value("valid", false) ? "valid" : "NOT VALID");
  if (token.contains("expires_in_s"))
    line += ", expires in " + shown_seconds(token.value("expires_in_s", 0.0));
  return failure.empty() ? line : line + ", not renewed: " + failure;
}

std::string cost_line(const json& status) {
  std::ostringstream line;
  line << "about " << std::fixed << std::setprecision(4) << status.value("cost_estimate", 0.0) << " "
       << status.value("currency", "") << " for requests so far";
  return line.str();
}

void print_what_the_daemon_said(const json& status, Lines& lines) {
  lines.add("Daemon", "blobmount " + status.value("version", "?") + ", pid " +
                          std::to_string(status.value("pid", 0)) + ", up " +
                          shown_seconds(status.value("uptime_s", 0.0)));
  lines.add("Credential", status.value("credential", ""));
  if (const auto& token = status.value("token", json()); token.is_object())
    lines.add("Token", token_line(token));
  lines.add("Consistency", status.value("consistency", ""));
  if (const auto& memory = status.value("memory", json()); memory.is_object()) {
    lines.add("Memory",
              of_limit(memory) + " (daemon: " + shown_bytes(memory.value("resident", 0.0)) + " resident)");
  }
  if (const auto& disk = status.value("disk_cache", json()); disk.is_object()) {
    lines.add("Disk cache", of_limit(disk) + " in " + disk.value("directory", "") + ", " +
                                std::to_string(disk.value("blobs", 0)) + " blobs");
  }
  lines.add("Activity", std::to_string(status.value("open_files", 0)) + " files open, " +
                            std::to_string(status.value("requests_in_flight", 0)) + " requests in flight");
  lines.add("Cost", cost_line(status));
  if (const auto port = status.value("metrics_port", 0); port != 0)
    lines.add("Metrics", "http://127.0.0.1:" + std::to_string(port) + "/metrics");
  if (const auto& error = status.value("last_error", json()); error.is_object()) {
    lines.add("Last error",
              error.value("sentence", "") + " (" + shown_seconds(error.value("ago_s", 0.0)) + " ago)");
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
