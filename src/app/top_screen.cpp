#include "app/top_screen.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <sstream>

#include <nlohmann/json.hpp>

#include "app/display.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, text.size()), ' ');
}

std::string percent(const std::optional<double>& share) {
  return share ? std::to_string(std::llround(*share * 100)) + "%" : "-";
}

std::string bytes_per_second(double bytes) { return shown_bytes(bytes) + "/s"; }

std::string money(double amount, const std::string& currency) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.4f", amount);
  return std::string(text.data()) + " " + currency;
}

std::string of_limit(const json& part) {
  return shown_bytes(part.value("bytes", 0.0)) + " of " + shown_bytes(part.value("limit", 0.0));
}

void add_operations(std::vector<std::string>& lines, const char* title,
                    const std::vector<OperationRate>& operations) {
  lines.push_back("");
  lines.push_back(padded(title, 28) + padded("PER SECOND", 12) + padded("FAILED", 9) + padded("EACH", 10) +
                  "BYTES");
  if (operations.empty()) lines.emplace_back("  -");
  for (const auto& each : operations) {
    lines.push_back(padded("  " + printable(each.name), 28) + padded(shown_count(each.per_second), 12) +
                    padded(shown_count(each.failed_per_second), 9) +
                    padded(shown_latency(each.seconds_each), 10) +
                    (each.bytes_per_second > 0 ? bytes_per_second(each.bytes_per_second) : ""));
  }
}

}  // namespace

std::vector<std::string> top_screen(const json& status, const ActivityRates& rates, std::size_t width) {
  std::vector<std::string> lines;
  lines.push_back(printable(status.value("source", "")) + " on " +
                  printable(status.value("mount_point", "")) + ", " + status.value("health", "?") + ", up " +
                  shown_seconds(status.value("uptime_s", 0.0)));
  lines.push_back("read " + bytes_per_second(rates.read_bytes_per_second) + ", received " +
                  bytes_per_second(rates.received_bytes_per_second) + ", cost " +
                  money(rates.cost_per_hour, status.value("currency", "")) + " per hour");
  lines.push_back("hits: memory " + percent(rates.memory_hits) + ", disk " + percent(rates.disk_hits) +
                  "; read ahead in vain " + percent(rates.ahead_wasted));
  const auto memory = status.value("memory", json::object());
  auto space = "memory " + of_limit(memory);
  if (const auto disk = status.value("disk_cache", json()); disk.is_object())
    space += ", disk " + of_limit(disk);
  lines.push_back(space + ", CPU " + percent(rates.cpu) + ", " +
                  std::to_string(status.value("open_files", 0)) + " files open");
  for (const auto& problem : status.value("degraded", json::array()))
    lines.push_back("! " + printable(problem.get<std::string>()));

  add_operations(lines, "KERNEL", rates.kernel);
  add_operations(lines, "SERVICE", rates.service);
  lines.push_back("");
  lines.emplace_back("BUSIEST FILES");
  if (rates.files.empty()) lines.emplace_back("  -");
  for (const auto& [name, bytes] : rates.files) {
    const auto rate = padded("  " + bytes_per_second(bytes), 16);
    lines.push_back(rate + shortened(printable(name), width - std::min(width, rate.size())));
  }
  return lines;
}

}  // namespace blobmount
